"""A pod that asks to run as root."""

from checks.phase1.test_pod import test_pod_is_running
from workbook.drills.drill import System
from workbook.drills.factories import patch_drill
from workbook.drills.objects import deploy_again, deployment_of, wait_until

ROOT = {"runAsUser": 0, "runAsNonRoot": False}


def wait(system: System) -> None:
    deployment = deployment_of(system)
    wait_until(lambda: deployment.cluster.events(deployment.replica_sets()[-1]), bool)


DRILL = patch_drill(
    "deployment",
    [{"op": "replace", "path": "/spec/template/spec/securityContext", "value": ROOT}],
    title="“Permission denied”, said a log, and a colleague made the pod run as root.",
    difficulty=2,
    turns_red=test_pod_is_running,
    hints=(
        "There is no new pod at all. Which object should create it, and what do its events say?",
        "kubectl -n ml-demo describe replicasets --show-events: read those of the newest",
        "The namespace admits `restricted` pods only: kubectl get namespace ml-demo --show-labels",
    ),
    way_back=(
        "Find out what needs the permission, and do without it. Here: put the security context\n"
        "back:\n" + deploy_again(1)
    ),
    shows=wait,
)

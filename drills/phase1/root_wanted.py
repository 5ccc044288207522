"""A pod that asks to run as root."""

from checks.phase1.test_pod import test_pod_is_running
from drills.phase1._objects import SECONDS_TO_SHOW, change, deployment_of, put_back
from workbook.drill import Drill, System
from workbook.kubernetes import eventually


def break_it(system: System) -> None:
    root = {"runAsUser": 0, "runAsNonRoot": False}
    path = "/spec/template/spec/securityContext"
    change(system, "deployment", [{"op": "replace", "path": path, "value": root}])
    deployment = deployment_of(system)
    keeper = deployment.replica_sets()[-1]
    eventually(lambda: deployment.cluster.events(keeper), bool, SECONDS_TO_SHOW)


def fix(system: System) -> None:
    put_back(system, "deployment")


DRILL = Drill(
    title="“Permission denied”, said a log, and somebody made the pod run as root.",
    turns_red=test_pod_is_running,
    hints=(
        "There is no new pod at all. Who should have made it, and what was the answer?",
        "kubectl --namespace ml-demo describe replicaset: read the events of the newest one",
        "The namespace admits `restricted` pods only: kubectl get namespace ml-demo --show-labels",
    ),
    way_back=(
        "Find out what needs the permission, and do without it. Here: put the security context\n"
        "back, as has been done now:\n"
        "  git diff phases/phase1/k8s; then deploy again, as the lesson does"
    ),
    break_it=break_it,
    fix=fix,
)

"""A quota under what is already there."""

from checks.phase3.test_infrastructure import test_private_path_works
from checks.phase4.test_replicas import test_replicas_run
from drills.phase4._scaler import wait_until_measured
from workbook.drills.drill import Drill, System
from workbook.drills.objects import (
    change,
    cluster_of,
    deployment_of,
    kubectl,
    replace_with_kept,
    wait_for_rollout,
    wait_until,
)
from workbook.targets.kubernetes import name_of

PATCH = [{"op": "replace", "path": "/spec/hard/pods", "value": "1"}]


def break_it(system: System) -> None:
    change(system, "resourcequota", PATCH, "ml-demo")
    pods = deployment_of(system).pods()  # what runs goes on; what is gone does not come back
    for pod in pods[1:]:
        kubectl(cluster_of(system), "delete", "pod", name_of(pod), "--wait=false")
    wait_until(deployment_of(system).pods, lambda left: len(left) == 1)


def fix(system: System) -> None:
    replace_with_kept(system, "resourcequota")
    # the ReplicaSet, refused, tries again after ever longer pauses: a new one tries at once
    kubectl(cluster_of(system), "rollout", "restart", "deployment/ml-api")
    wait_for_rollout(cluster_of(system))
    wait_until(deployment_of(system).pods, lambda pods: len(pods) >= 2)
    wait_until_measured(system)


DRILL = Drill(
    title="The quota was made smaller. Then a pod ended, as pods do.",
    difficulty=3,
    turns_red=test_replicas_run,
    hints=(
        "The autoscaler asks for two pods. What refuses the second?",
        "kubectl --namespace ml-demo describe replicasets: read the events",
        "kubectl --namespace ml-demo describe resourcequota ml-demo",
    ),
    way_back=(
        "Give the namespace what it needs. A ReplicaSet that was "
        "refused tries\n"
        "again by itself, after ever longer pauses; a restart is quicker.\n"
        '  eval "$(./workbook env)"; kubectl --namespace ml-demo rollout restart '
        "deployment/ml-api"
    ),
    break_it=break_it,
    fix=fix,
    also=(test_private_path_works,),  # its pod is refused, too
)

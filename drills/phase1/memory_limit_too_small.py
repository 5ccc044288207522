"""A memory limit under what the process needs."""

from checks.phase1.test_pod import test_pod_is_running
from workbook.checks.deployment import stuck
from workbook.drills.drill import System
from workbook.drills.factories import patch_drill
from workbook.drills.objects import CONTAINER, deploy_again, wait_for_pods

SMALL = {"requests": {"memory": "32Mi"}, "limits": {"memory": "32Mi"}}


def wait(system: System) -> None:
    wait_for_pods(system, lambda pods: any(stuck(pod) == "OOMKilled" for pod in pods))


DRILL = patch_drill(
    "deployment",
    [{"op": "replace", "path": f"{CONTAINER}/resources", "value": SMALL}],
    title="A colleague saved memory, and set the limit for a small web server.",
    difficulty=2,
    turns_red=test_pod_is_running,
    hints=(
        "The new pod starts, and starts again. What ended it the last time?",
        "kubectl --namespace ml-demo describe pod: Last State. Exit code 137 is 128 + 9, killed.",
        "Compare the limit with what the process holds once the model is loaded: see the lesson.",
    ),
    way_back=("Give it the memory that it needs:\n" + deploy_again(1)),
    shows=wait,
)

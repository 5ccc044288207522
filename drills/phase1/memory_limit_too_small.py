"""A memory limit under what the process needs."""

from checks.phase1.test_pod import test_pod_is_running
from workbook.checks.deployment import stuck
from workbook.drills.drill import Drill, System
from workbook.drills.objects import CONTAINER, change, deploy_again, put_back, wait_for_pods


def break_it(system: System) -> None:
    small = {"requests": {"memory": "32Mi"}, "limits": {"memory": "32Mi"}}
    path = f"{CONTAINER}/resources"
    change(system, "deployment", [{"op": "replace", "path": path, "value": small}])
    wait_for_pods(system, lambda pods: any(stuck(pod) == "OOMKilled" for pod in pods))


def fix(system: System) -> None:
    put_back(system, "deployment")


DRILL = Drill(
    title="Somebody saved memory, and set the limit by what a small web server needs.",
    turns_red=test_pod_is_running,
    hints=(
        "The new pod starts, and starts again. What ended it the last time?",
        "kubectl --namespace ml-demo describe pod: Last State. Exit code 137 is 128 + 9, killed.",
        "Compare the limit with what the process holds once the model is loaded: see the lesson.",
    ),
    way_back=("Give it the memory that it needs, as has been done now:\n" + deploy_again(1)),
    break_it=break_it,
    fix=fix,
)

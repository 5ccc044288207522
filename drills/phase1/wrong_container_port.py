"""A port that the process does not listen on."""

from checks.phase1.test_pod import test_pod_is_ready
from workbook.drills.drill import Drill, System
from workbook.drills.objects import CONTAINER, change, events_say, put_back, wait_for_pods


def break_it(system: System) -> None:
    path = f"{CONTAINER}/ports/0/containerPort"
    change(system, "deployment", [{"op": "replace", "path": path, "value": 8001}])
    wait_for_pods(system, events_say(system, ":8001"))


def fix(system: System) -> None:
    put_back(system, "deployment")


DRILL = Drill(
    title="The port was to become 8001 everywhere, and one place was forgotten.",
    turns_red=test_pod_is_ready,
    hints=(
        "The pod runs, and no probe reaches it. Where do they knock?",
        "kubectl --namespace ml-demo describe pods --show-events: they name address and port",
        "The probes and the Service go to the port named http. Which port does uvicorn listen on?",
    ),
    way_back=(
        "Go back to the version before, as has been done now. To apply the files again would not\n"
        "do: apply tells ports by their number, and would add 8000 beside 8001, by the same name.\n"
        '  eval "$(./workbook env)"; kubectl --namespace ml-demo rollout undo deployment/ml-api'
    ),
    break_it=break_it,
    fix=fix,
)

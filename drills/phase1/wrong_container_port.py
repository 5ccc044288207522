"""A port that the process does not listen on."""

from checks.phase1.test_pod import test_pod_is_ready
from workbook.drills.drill import System
from workbook.drills.factories import patch_drill
from workbook.drills.objects import CONTAINER, events_say, wait_for_pods


def wait(system: System) -> None:
    wait_for_pods(system, events_say(system, ":8001"))


DRILL = patch_drill(
    "deployment",
    [{"op": "replace", "path": f"{CONTAINER}/ports/0/containerPort", "value": 8001}],
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
    shows=wait,
)

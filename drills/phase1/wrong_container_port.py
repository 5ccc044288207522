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
    title="The port should become 8001 everywhere, but one place was forgotten.",
    difficulty=3,
    turns_red=test_pod_is_ready,
    hints=(
        "The pod runs, but no probe reaches it. Which port do the probes ask?",
        "kubectl --namespace ml-demo describe pods --show-events: the events name address and port",
        "The probes and the Service go to the port named http. Which port does uvicorn listen on?",
    ),
    way_back=(
        "Go back to the version before. To apply the files again would not\n"
        "help: apply identifies ports by number, and would add 8000 next to 8001, with one name.\n"
        '  eval "$(./workbook env)"; kubectl --namespace ml-demo rollout undo deployment/ml-api'
    ),
    shows=wait,
)

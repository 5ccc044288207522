"""A readiness probe that asks for a page that is not there."""

from checks.phase1.test_pod import test_pod_is_ready
from workbook.drills.drill import System
from workbook.drills.factories import patch_drill
from workbook.drills.objects import CONTAINER, deploy_again, events_say, wait_for_pods


def wait(system: System) -> None:
    wait_for_pods(system, events_say(system, "Readiness probe failed"))


DRILL = patch_drill(
    "deployment",
    [{"op": "replace", "path": f"{CONTAINER}/readinessProbe/httpGet/path", "value": "/healthz"}],
    title="A colleague copied the probes from another service.",
    difficulty=2,
    turns_red=test_pod_is_ready,
    hints=(
        "The pod runs and gets no request. What does Kubernetes ask it, and what does it answer?",
        "kubectl --namespace ml-demo describe pods --show-events: which probe failed, and how?",
        "Which paths does the API have? curl it, or read phases/phase1/sentiment/api.py.",
    ),
    way_back=("Ask for the path that the API has:\n" + deploy_again(1)),
    shows=wait,
)

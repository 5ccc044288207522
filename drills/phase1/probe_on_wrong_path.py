"""A readiness probe that asks for a page that is not there."""

from checks.phase1.test_pod import test_pod_is_ready
from workbook.drills.drill import Drill, System
from workbook.drills.objects import (
    CONTAINER,
    change,
    deploy_again,
    events_say,
    put_back,
    wait_for_pods,
)


def break_it(system: System) -> None:
    path = f"{CONTAINER}/readinessProbe/httpGet/path"
    change(system, "deployment", [{"op": "replace", "path": path, "value": "/healthz"}])
    wait_for_pods(system, events_say(system, "Readiness probe failed"))


def fix(system: System) -> None:
    put_back(system, "deployment")


DRILL = Drill(
    title="A colleague copied the probes from another service.",
    turns_red=test_pod_is_ready,
    hints=(
        "The pod runs and gets no request. What does Kubernetes ask it, and what does it answer?",
        "kubectl --namespace ml-demo describe pods --show-events: which probe failed, and how?",
        "Which paths does the API have? curl it, or read phases/phase1/sentiment/api.py.",
    ),
    way_back=("Ask for the path that the API has, as has been done now:\n" + deploy_again(1)),
    break_it=break_it,
    fix=fix,
)

"""A port that the process does not listen on."""

from checks.phase1.test_pod import test_pod_is_ready
from drills.phase1._objects import CONTAINER, change, probe_has_failed, put_back, wait_for_pods
from workbook.drill import Drill, System


def break_it(system: System) -> None:
    path = f"{CONTAINER}/ports/0/containerPort"
    change(system, "deployment", [{"op": "replace", "path": path, "value": 8001}])
    wait_for_pods(system, probe_has_failed(system))


def fix(system: System) -> None:
    put_back(system, "deployment")


DRILL = Drill(
    title="The port was to become 8001 everywhere, and one place was forgotten.",
    turns_red=test_pod_is_ready,
    hints=(
        "The pod runs, and no probe reaches it. Where do they knock?",
        "kubectl --namespace ml-demo describe pod: the events name address and port",
        "The probes and the Service go to the port named http. Which port does uvicorn listen on?",
    ),
    way_back=(
        "One port in both places, as has been done now:\n"
        "  git diff phases/phase1; then deploy again, as the lesson does"
    ),
    break_it=break_it,
    fix=fix,
)

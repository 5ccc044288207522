"""A Service that selects no pod."""

from checks.phase1.test_service import test_service_has_address
from drills.phase1._objects import SECONDS_TO_SHOW, change, cluster_of, endpoints_of, put_back
from workbook.drill import Drill, System
from workbook.kubernetes import eventually


def break_it(system: System) -> None:
    patch = [{"op": "replace", "path": "/spec/selector", "value": {"app": "ml-api"}}]
    change(system, "service", patch)
    cluster = cluster_of(system)
    eventually(lambda: endpoints_of(cluster), lambda found: not found, SECONDS_TO_SHOW)


def fix(system: System) -> None:
    put_back(system, "service")


DRILL = Drill(
    title="A Service was written after an older guide, whose labels were shorter.",
    turns_red=test_service_has_address,
    hints=(
        "The pod is Ready, and nobody reaches it. Who should lead the requests to it?",
        "kubectl --namespace ml-demo get endpointslices: is there an address in it?",
        "Compare the Selector (kubectl -n ml-demo describe service) and get pods --show-labels",
    ),
    way_back=(
        "Select by the labels that the pods have, as has been done now:\n"
        "  git diff phases/phase1/k8s; then deploy again, as the lesson does"
    ),
    break_it=break_it,
    fix=fix,
)

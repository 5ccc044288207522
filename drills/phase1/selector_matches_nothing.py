"""A Service that selects no pod."""

from checks.phase1.test_service import test_service_has_address
from workbook.drills.drill import System
from workbook.drills.factories import patch_drill
from workbook.drills.objects import cluster_of, deploy_again, ports_behind, wait_until


def wait(system: System) -> None:
    cluster = cluster_of(system)
    wait_until(lambda: ports_behind(cluster), lambda ports: not ports)


DRILL = patch_drill(
    "service",
    [{"op": "replace", "path": "/spec/selector/app.kubernetes.io~1name", "value": "sentiment-api"}],
    title="A Service was copied from an older guide, in which the app had another name.",
    difficulty=1,
    turns_red=test_service_has_address,
    hints=(
        "The pod is Ready, but no request reaches it. Which object should send requests to it?",
        "kubectl --namespace ml-demo get endpointslices: is there an address in it?",
        "Compare the Selector (kubectl -n ml-demo describe service) and get pods --show-labels",
    ),
    way_back=("Select by the labels that the pods have:\n" + deploy_again(1)),
    shows=wait,
)

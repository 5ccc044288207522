"""A Service that sends requests to a port where no process listens."""

from checks.phase1.test_service import test_address_predicts
from workbook.drills.drill import System
from workbook.drills.factories import patch_drill
from workbook.drills.objects import cluster_of, deploy_again, ports_behind, wait_until


def wait(system: System) -> None:
    cluster = cluster_of(system)
    wait_until(lambda: ports_behind(cluster), lambda ports: ports == {"8080"})


DRILL = patch_drill(
    "service",
    [{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 8080}],
    title="“Everything here listens on 8080”, said a colleague, and changed the Service.",
    difficulty=2,
    turns_red=test_address_predicts,
    hints=(
        "A Ready pod is behind the Service, but no answer comes. Where do requests go?",
        "kubectl --namespace ml-demo describe service ml-api: TargetPort and Endpoints",
        "What does the container listen on? kubectl --namespace ml-demo logs deployment/ml-api",
    ),
    way_back=("Send requests to the port named http:\n" + deploy_again(1)),
    shows=wait,
)

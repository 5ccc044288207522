"""A Service that sends requests to a port where nobody listens."""

from checks.phase1.test_service import test_address_predicts
from drills.phase1._objects import SECONDS_TO_SHOW, change, cluster_of, endpoints_of, put_back
from workbook.drill import Drill, System
from workbook.kubernetes import eventually


def break_it(system: System) -> None:
    patch = [{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 8080}]
    change(system, "service", patch)
    cluster = cluster_of(system)
    eventually(lambda: endpoints_of(cluster), lambda found: found == {8080}, SECONDS_TO_SHOW)


def fix(system: System) -> None:
    put_back(system, "service")


DRILL = Drill(
    title="“Everything here listens on 8080”, said somebody, and changed the Service.",
    turns_red=test_address_predicts,
    hints=(
        "There is a Ready pod behind the Service, and the connection is refused. By whom?",
        "kubectl --namespace ml-demo describe service ml-api: TargetPort and Endpoints",
        "What does the container listen on? kubectl --namespace ml-demo logs deployment/ml-api",
    ),
    way_back=(
        "Send requests to the port named http, as has been done now:\n"
        "  git diff phases/phase1/k8s; then deploy again, as the lesson does"
    ),
    break_it=break_it,
    fix=fix,
)

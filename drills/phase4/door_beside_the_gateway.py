"""A Service with a port of its own on the node."""

from checks.phase4.test_gateway import test_no_way_around
from workbook.drills.drill import Drill, System
from workbook.drills.objects import change, put_back

PATCH = [
    {"op": "replace", "path": "/spec/type", "value": "NodePort"},
    {"op": "add", "path": "/spec/ports/0/nodePort", "value": 30080},
]


def break_it(system: System) -> None:
    change(system, "service", PATCH)


def fix(system: System) -> None:
    put_back(system, "service")


DRILL = Drill(
    title="For a test, somebody opened the old way again.",
    turns_red=test_no_way_around,
    hints=(
        "Everything works. Does it work in a way in which it should not?",
        "curl http://127.0.0.1:8080/health",
        "kubectl --namespace ml-demo get service ml-api: what is its type?",
    ),
    way_back=(
        "Make it a ClusterIP again, as has been done now:\n"
        '  eval "$(./workbook env)"\n'
        "  kubectl kustomize phases/phase4/k8s/local | kubectl diff --filename -"
    ),
    break_it=break_it,
    fix=fix,
)

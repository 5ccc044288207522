"""A Service with a port of its own on the node."""

from checks.phase4.test_gateway import test_no_way_around
from workbook.drills.factories import patch_drill

DRILL = patch_drill(
    "service",
    [
        {"op": "replace", "path": "/spec/type", "value": "NodePort"},
        {"op": "add", "path": "/spec/ports/0/nodePort", "value": 30080},
    ],
    title="For a test, a colleague opened the old entry again.",
    difficulty=1,
    turns_red=test_no_way_around,
    hints=(
        "Everything works. Is there an entry that should not work?",
        "curl http://127.0.0.1:8080/health",
        "kubectl --namespace ml-demo get service ml-api: what is its type?",
    ),
    way_back=(
        "Make it a ClusterIP again:\n"
        '  eval "$(./workbook env)"\n'
        "  kubectl diff --kustomize phases/phase4/k8s/local"
    ),
)

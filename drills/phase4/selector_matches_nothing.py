"""A Service that selects no pod."""

from checks.phase4.test_gateway import test_https_predicts
from workbook.drills.factories import patch_drill

DRILL = patch_drill(
    "service",
    [{"op": "add", "path": "/spec/selector/tier", "value": "backend"}],
    title="The Services got a new label to select by. The pods will get it next week.",
    difficulty=3,
    turns_red=test_https_predicts,
    hints=(
        "The gateway and the route are as they were. What is behind them?",
        "kubectl --namespace ml-demo get endpointslices --selector "
        "kubernetes.io/service-name=ml-api",
        "A Service sends requests to pods that have all labels of its selector.",
    ),
    way_back=(
        "Select by the labels that the pods have:\n"
        '  eval "$(./workbook env)"\n'
        "  kubectl diff --kustomize phases/phase4/k8s/local"
    ),
)

"""A route to a port that the Service does not have."""

from checks.phase4.test_gateway import test_https_predicts
from workbook.drills.factories import patch_drill

DRILL = patch_drill(
    "httproute",
    [{"op": "replace", "path": "/spec/rules/0/backendRefs/0/port", "value": 8000}],
    title="“The API listens on 8000, so the route should say 8000.”",
    difficulty=2,
    turns_red=test_https_predicts,
    hints=(
        "The gateway answers itself, not the API. With what status?",
        "kubectl --namespace ml-demo describe httproute ml-api: its conditions say what "
        "could not be resolved",
        "A route names a Service and its port. Which ports do Service and pod have?",
    ),
    way_back=(
        "The route names the Service's port. The Service names the pod's port:\n"
        '  eval "$(./workbook env)"\n'
        "  kubectl diff --kustomize phases/phase4/k8s/local"
    ),
)

"""A listener on a port that the gateway does not open."""

from checks.phase4.test_gateway import test_gateway_works
from workbook.drills.factories import patch_drill
from workbook.targets.kubernetes import GATEWAY_NAMESPACES

DRILL = patch_drill(
    "gateway",
    [{"op": "replace", "path": "/spec/listeners/1/port", "value": 8443}],
    title="“Our gateway answers on 8443, so I have written that into the Gateway.”",
    difficulty=2,
    turns_red=test_gateway_works,
    hints=(
        "Two ports meet here: the one on your machine, and the one on which the gateway listens.",
        'kubectl --namespace "$GATEWAY_NAMESPACE" describe gateway ml-api: read the conditions of '
        "each listener",
        "k8s/gateway/traefik.yaml has the ports that Traefik opens: 80 and 443.",
    ),
    way_back=(
        "Listen on the port that the gateway opens:\n"
        '  eval "$(./workbook env)"\n'
        "  kubectl diff --kustomize phases/phase4/k8s/local"
    ),
    where=GATEWAY_NAMESPACES,
)

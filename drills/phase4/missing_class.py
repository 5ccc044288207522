"""A class that no controller serves."""

from checks.phase4.test_gateway import test_gateway_works
from workbook.drills.factories import patch_drill
from workbook.targets.kubernetes import GATEWAY_NAMESPACES

DRILL = patch_drill(
    "gateway",
    [{"op": "replace", "path": "/spec/gatewayClassName", "value": "nginx"}],
    title="A Gateway from an old guide was applied, and waits for its address.",
    difficulty=1,
    turns_red=test_gateway_works,
    hints=(
        "The Gateway reports no error. Which program should handle it?",
        'kubectl --namespace "$GATEWAY_NAMESPACE" get gateway: what is its class?',
        "kubectl get gatewayclasses: which are there?",
    ),
    way_back=(
        "Name the class that exists:\n"
        '  eval "$(./workbook env)"\n'
        '  kubectl --namespace "$GATEWAY_NAMESPACE" patch gateway ml-api --type merge --patch '
        '\'{"spec": {"gatewayClassName": "traefik"}}\'\n'
        "(on Azure: approuting-istio)"
    ),
    where=GATEWAY_NAMESPACES,
)

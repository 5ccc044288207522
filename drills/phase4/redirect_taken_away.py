"""A door without TLS."""

from checks.phase4.test_gateway import test_http_is_redirected, test_no_way_around
from workbook.drills.factories import patch_drill

DRILL = patch_drill(
    "httproute",
    [
        {
            "op": "replace",
            "path": "/spec/rules/0",
            "value": {"backendRefs": [{"name": "ml-api", "port": 80}]},
        }
    ],
    title="“Some old client does not follow redirects. I have let it in directly.”",
    difficulty=1,
    turns_red=test_http_is_redirected,
    hints=(
        "HTTPS works as before. What happens with HTTP?",
        "curl --head http://localhost:8081/health",
        "The route ml-api-redirect should redirect. What does it do now?",
    ),
    way_back=(
        "Redirect again. A client that cannot follow redirects gets an address with "
        "https.\n"
        '  eval "$(./workbook env)"\n'
        "  kubectl diff --kustomize phases/phase4/k8s/local"
    ),
    name="ml-api-redirect",
    also=(test_no_way_around,),  # HTTP is a way around the TLS of the Gateway
)

"""A door without TLS."""

from checks.phase4.test_gateway import test_http_is_redirected
from workbook.drills.drill import Drill, System
from workbook.drills.objects import change, put_back

NAME = "ml-api-redirect"
PATCH = [
    {
        "op": "replace",
        "path": "/spec/rules/0",
        "value": {"backendRefs": [{"name": "ml-api", "port": 80}]},
    }
]


def break_it(system: System) -> None:
    change(system, "httproute", PATCH, NAME)


def fix(system: System) -> None:
    put_back(system, "httproute")


DRILL = Drill(
    title="“Some old client does not follow redirects. I have let it in directly.”",
    turns_red=test_http_is_redirected,
    hints=(
        "HTTPS works as before. And without the s?",
        "curl --head http://localhost:8081/health",
        "The route ml-api-redirect should redirect. What does it do now?",
    ),
    way_back=(
        "Redirect again, as has been done now. Whoever cannot follow gets an address with "
        "https.\n"
        '  eval "$(./workbook env)"\n'
        "  kubectl kustomize phases/phase4/k8s/local | kubectl diff --filename -"
    ),
    break_it=break_it,
    fix=fix,
)

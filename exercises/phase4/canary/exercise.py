"""A route that sends some requests to another version."""

import json

from workbook.exercises.exercise import Attempt, Exercise
from workbook.exercises.kubernetes import taken
from workbook.exercises.routing import Request, backends
from workbook.targets.kubernetes import NAMESPACE

NEW = {"X-Canary": "yes"}
GATEWAY = {
    "group": "gateway.networking.k8s.io",
    "kind": "Gateway",
    "namespace": NAMESPACE,
    "port": 443,
}
SERVICE = {"group": "", "kind": "Service", "namespace": NAMESPACE}
PLAIN = {"name", "matches", "backendRefs", "port", "weight", *SERVICE}
CASES = [  # what is asked, where it goes, and why
    (
        Request("/predict", "POST", NEW),
        "ml-api-canary:80",
        "a path and a header in one entry of `matches` mean “and”; two entries mean “or”. Of two "
        "rules that fit, an exact path counts before a prefix, then more headers, then the order",
    ),
    (Request("/predict", "POST"), "ml-api:80", "a request without the header goes where it went"),
    (
        Request("/predict", "POST", {"X-Canary": "no"}),
        "ml-api:80",
        "the header is there, with another value",
    ),
    (
        Request("/predict", "POST", {"X-Canary": "yesterday"}),
        "ml-api:80",
        "the value is `yes`, and not what only begins like it",
    ),
    (
        Request("/health", "GET", NEW),
        "ml-api:80",
        "the header alone is not enough: the request must have the path `/predict`, too",
    ),
    (Request("/health"), "ml-api:80", "`/health` goes where it went"),
    (
        Request("/predictions", "GET", NEW),
        "",
        "the history is for readers inside the cluster only: `Exact` leads to one path, and "
        "`PathPrefix` to all below it",
    ),
    (Request("/predictions"), "", "the history is for readers inside the cluster only"),
    (Request("/predict/all", "POST", NEW), "", "`Exact` leads to one path"),
]


def judge(attempt: Attempt) -> str:
    route = taken(attempt, "HTTPRoute", "ml-api-canary")
    parents = [
        (one["name"], one.get("sectionName")) for one in route["spec"].get("parentRefs") or []
    ]
    if parents != [("ml-api", "https")]:
        raise attempt.wrong(
            expected="the listener https of the Gateway ml-api",
            found=", ".join(f"{section or 'every listener'} of {name}" for name, section in parents)
            or "no parent",
            why="texts travel encrypted only",
        )
    rules = route["spec"].get("rules") or []
    services = [one for rule in rules for one in rule.get("backendRefs") or []]
    for usual, references in ((GATEWAY, route["spec"]["parentRefs"]), (SERVICE, services)):
        for one in references:
            if other := [key for key in usual if one.get(key, usual[key]) != usual[key]]:
                raise attempt.wrong(
                    expected=f"{one['name']} with {_words({key: usual[key] for key in other})}",
                    found=_words({key: one[key] for key in other}),
                    why="the Gateway and the Services are in your own namespace. A reference that "
                    "leads elsewhere leads to nothing here",
                )
    for part in (*rules, *services):
        if more := part.keys() - PLAIN:
            raise attempt.wrong(
                expected="rules with `matches` and `backendRefs` only",
                found=_words({key: part[key] for key in sorted(more)}),
                why="a rule only chooses a Service here: the request itself stays as it is",
            )
    if hosts := route["spec"].get("hostnames"):
        raise attempt.wrong(
            expected="a route for every host name",
            found=f"a route for {', '.join(hosts)}",
            why="callers reach your gateway by more than one name",
        )
    for request, expected, why in CASES:
        found = ", ".join(backends(route, request))
        if found != expected:
            raise attempt.wrong(
                expected=f"{request} {_goes_to(expected)}",
                found=f"it {_goes_to(found)}",
                why=why,
            )
    return f"right for {len(CASES)} requests"


def _words(fields: dict[str, object]) -> str:
    return ", ".join(f"{name}: {json.dumps(value)}" for name, value in fields.items())


def _goes_to(backend: str) -> str:
    return f"goes to {backend}" if backend else "fits no rule (404)"


EXERCISE = Exercise(
    title="A canary",
    goal=(
        "A new version of the API runs behind a Service `ml-api-canary`, port 80. Your testers "
        "should get it first: they send the header `X-Canary: yes`. Add a rule that sends "
        "`/predict` with this header to the new Service. All other requests go where they went. "
        "The judge lets your API server validate the route in a dry run. Then it asks where the "
        "route sends nine requests."
    ),
    file="httproute.yaml",
    minutes=10,
    hints=(
        "kubectl explain httproute.spec.rules.matches: what may stand beside `path`?",
        "One entry of `matches` can have a `path` and `headers`. Then a request must fit both.",
        'A header is `- name: X-Canary` with `value: "yes"`: in quotes, since YAML takes a plain '
        "yes for true.",
    ),
    judge=judge,
    wrong={
        "or-instead-of-and": "two entries mean “or”",
        "no-path": "an exact path counts before a prefix",
        "moved-away": "a request without the header goes where it went",
        "any-value": "the header is there, with another value",
        "prefix": "the history is for readers inside the cluster only",
        "begins-like-yes": "not what only begins like it",
        "parent-elsewhere": "are in your own namespace",
        "backend-elsewhere": "are in your own namespace",
        "rewrites": "a rule only chooses a Service here",
        "plain-yes": "a file that the API server accepts",
    },
)

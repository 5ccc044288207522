"""Where a route of the Gateway API sends a request, by the rules of its specification."""

import re
from dataclasses import dataclass, field

from workbook.targets.kubernetes import Object


@dataclass(frozen=True)
class Request:
    """What a route looks at."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        headers = [f"{name}: {value}" for name, value in self.headers.items()]
        return " with ".join([f"{self.method} {self.path}", *headers])


def backends(route: Object, request: Request) -> list[str]:
    """The Services, as NAME:PORT, that a request may be sent to; none where no rule fits.

    Of several rules that fit, the most specific counts: an exact path, then the longest prefix,
    then a method, then the most headers, then the first rule.
    """
    fitting = []
    for rule in route["spec"].get("rules") or []:
        for match in rule.get("matches") or [{}]:
            if _fits(match, request):
                fitting.append((_specificity(match), rule))
    if not fitting:
        return []
    _, rule = max(fitting, key=lambda each: each[0])  # the first of those that are equal
    return [
        f"{each['name']}:{each.get('port')}"
        for each in rule.get("backendRefs") or []
        if each.get("weight", 1) > 0
    ]


def _fits(match: Object, request: Request) -> bool:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return (
        _path_fits(match.get("path") or {}, request.path)
        and match.get("method", request.method) == request.method
        and not match.get("queryParams")  # no request here has any
        and all(
            _value_fits(each, headers.get(each["name"].lower()))
            for each in match.get("headers") or []
        )
    )


def _path_fits(wanted: Object, path: str) -> bool:
    value = wanted.get("value", "/")
    if wanted.get("type", "PathPrefix") == "PathPrefix":
        return f"{path}/".startswith(f"{value.rstrip('/')}/")
    return _equals(wanted, path)


def _value_fits(wanted: Object, found: str | None) -> bool:
    return found is not None and _equals(wanted, found)


def _equals(wanted: Object, found: str) -> bool:
    if wanted.get("type") != "RegularExpression":
        return bool(found == wanted["value"])
    try:
        return re.fullmatch(wanted["value"], found) is not None
    except re.error:  # a pattern that only another language knows
        return False


def _specificity(match: Object) -> tuple[bool, int, bool, int]:
    path = match.get("path") or {}
    return (
        path.get("type") == "Exact",
        len(path.get("value", "/")),
        "method" in match,
        len(match.get("headers") or []),
    )

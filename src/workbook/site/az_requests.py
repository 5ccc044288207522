"""The requests that azure-cli builds from the `az` lines of lessons, as docs/ keeps them.

tests/azure/az/record.py writes the file, and a test compares it with the lines.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

FILE = "docs/azure-requests.json"
READS = ("GET", "HEAD")


@dataclass(frozen=True)
class Line:
    """An `az` line, and the requests that it sends in short; None where they cannot be built."""

    command: str
    requests: list[str] | None


def lines_of(root: Path) -> dict[str, list[Line]]:
    """The lines of each file that has some, in order."""
    kept = json.loads((root / FILE).read_text(encoding="utf-8"))
    return {
        file: [
            Line(line["command"], line["requests"] and in_short(line["requests"])) for line in of
        ]
        for file, of in kept.items()
    }


def in_short(requests: list[dict[str, Any]]) -> list[str]:
    """What the requests change; where they change nothing, what the last one reads."""
    changes = [each for each in requests if each["method"] not in READS and each["url"][0] == "/"]
    return [_short(each) for each in changes or requests[-1:]]


def _short(request: dict[str, Any]) -> str:
    """`PUT Microsoft.App/containerApps (2025-07-01)`."""
    versions = parse_qs(urlsplit(request["url"]).query).get("api-version", [])
    return " ".join([kind_of(request), *(f"({each})" for each in versions)])


def kind_of(request: dict[str, Any]) -> str:
    """`PUT Microsoft.App/containerApps`: the method, and the kind of resource without its name."""
    url = urlsplit(request["url"])
    of, _, path = url.path.rpartition("/providers/")
    names = path.split("/")
    if url.netloc:
        kind = f"{url.netloc}{url.path}"
    elif of:
        kind = "/".join(names[:1] + names[1::2])  # service, kind, name, kind, name
    else:
        kind = names[3]  # /subscriptions/ID/resourcegroups/NAME
    return f"{request['method']} {kind}"

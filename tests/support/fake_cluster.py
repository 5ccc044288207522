"""A cluster that is not there: its record, and a kubectl that answers what a test says."""

import json
from pathlib import Path
from typing import Any

from workbook.targets.local.cluster import Record

RECORD = Record(
    kubernetes="1.36.2",
    node_image="node",
    registry_image="registry",
    base_image="base",
    offline=True,
    docker_host="",
)


def write_kubectl(file: Path, cases: dict[str, str], first: str = "") -> None:
    """Write a kubectl that runs the shell of the first pattern that fits its words.

    Args:
        file: the program.
        cases: the shell to run, by patterns of `case`.
        first: shell that runs each time, before that.
    """
    lines = [f"{pattern}) {shell} ;;" for pattern, shell in cases.items()]
    file.write_text("\n".join(["#!/bin/sh", first, 'case "$*" in', *lines, "esac\n"]))
    file.chmod(0o755)


def say(*items: Any) -> str:
    """The shell that answers with these objects, or with the one that is asked for by its name."""
    named = [
        f"*' {name} --ignore-not-found'*) echo '{json.dumps(item)}' ;;"
        for item in items
        if (name := item.get("metadata", {}).get("name"))
    ]
    others = ["*--ignore-not-found*) ;;", f"*) echo '{json.dumps({'items': items})}' ;;"]
    return "\n".join(['case "$*" in', *named, *others, "esac"])

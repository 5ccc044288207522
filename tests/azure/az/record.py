"""The requests of every `az` line: docs/azure-requests.json keeps them, and the site shows them.

After a change of an `az` line, build them again, in the folder of the repository:

    PYTHONPATH=tests/support:tests/azure .venv/bin/python -m az.record
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copies import ROOT

from az.review import LESSONS, ask, text_of
from workbook.learner.choices import Choices
from workbook.site.az_lines import Command, commands_of
from workbook.site.az_requests import FILE
from workbook.targets.azure.names import names_in_use

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"

NOBODY = Path(__file__).parent  # a folder in which no lesson has run
NAMES = names_in_use(NOBODY, Choices(prefix="ml-demo", subscription=SUBSCRIPTION))
"""What `./workbook env` exports before the first lesson."""

AGAIN = "PYTHONPATH=tests/support:tests/azure .venv/bin/python -m az.record"
NOT_BUILT: dict[str, str] = {}  # commands that cannot be built here, and why: none may be added


@dataclass(frozen=True)
class Built:
    """An `az` line, the requests that it sends, what stopped it, and what is wrong with them."""

    command: Command
    requests: list[dict[str, Any]]
    problem: str | None
    faults: list[str]

    def __str__(self) -> str:
        return f"{self.command}\n    {self.problem}"


def lines() -> list[Command]:
    """The `az` lines of lessons and documents; what a sentence mentions is not a line."""
    texts = {str(file.relative_to(ROOT)): text_of(file) for file in LESSONS}
    return [command for command in commands_of(texts, NAMES) if not command.only_mentioned]


def build(commands: Iterable[Command]) -> list[Built]:
    """Let azure-cli build the requests of lines; those of a file see what earlier ones created."""
    commands = list(commands)
    asked = [{"file": command.file, "words": command.words} for command in commands]
    answers = ask("az.build", {"group": NAMES["RG"], "registry": NAMES["ACR"], "lines": asked})
    return [
        Built(command, answer["requests"], answer["problem"], answer["faults"])
        for command, answer in zip(commands, answers, strict=True)
    ]


def kept(built: Iterable[Built]) -> str:
    """The text of the file that keeps them."""
    files: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in built:
        line = {"command": one.command.name, "requests": None if one.problem else one.requests}
        files[one.command.file].append(line)
    return json.dumps(files, indent=1) + "\n"


if __name__ == "__main__":
    everything = build(lines())
    (ROOT / FILE).write_text(kept(everything), encoding="utf-8")
    for stopped in (one for one in everything if one.problem):
        print(stopped)
    print(f"{len(everything)} lines: {FILE}")

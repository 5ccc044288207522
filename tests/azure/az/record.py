"""The requests of every `az` line: docs/azure-requests.json keeps them, and the site shows them.

After a change of an `az` line, build them again, in the folder of the repository:

    PYTHONPATH=tests/support:tests/azure .venv/bin/python -m az.record
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copies import ROOT

from az.review import LESSONS, ask, text_of
from workbook.learner.choices import Choices
from workbook.site.az_lines import NOT_KNOWN, Command, commands_of
from workbook.site.az_requests import FILE
from workbook.targets.azure.names import names_in_use

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"

NOBODY = Path(__file__).parent  # a folder in which no lesson has run
NAMES = {
    "ARM_SUBSCRIPTION_ID": SUBSCRIPTION,
    **names_in_use(NOBODY, Choices(prefix="ml-demo", subscription=SUBSCRIPTION)),
}
"""What `./workbook env` exports before the first lesson."""

WRITTEN = re.compile(r"^cat > \"([^\"]+)\" <<'?END'?\n(.*?)^END$", re.MULTILINE | re.DOTALL)
VARIABLE = re.compile(r"\$\{?(\w+)\}?")

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
    found = commands_of(texts(), NAMES)
    return [command for command in found if not command.only_mentioned]


def texts() -> dict[str, str]:
    return {str(file.relative_to(ROOT)): text_of(file) for file in LESSONS}


def files_of(text: str) -> dict[str, str]:
    """The files that a lesson writes with `cat`, for a command to read."""

    def known(text: str) -> str:
        return VARIABLE.sub(lambda name: NAMES.get(name[1], NOT_KNOWN), text)

    return {known(path): known(content) for path, content in WRITTEN.findall(text)}


def build(commands: Iterable[Command]) -> list[Built]:
    """Let azure-cli build the requests of lines; those of a file see what earlier ones created."""
    commands = list(commands)
    written = {
        path: content for text in texts().values() for path, content in files_of(text).items()
    }
    asked = [
        {
            "file": command.file,
            "words": command.words,
            "reads": {
                word[1:]: written.get(word[1:], NOT_KNOWN)
                for word in command.words
                if word.startswith("@")
            },
        }
        for command in commands
    ]
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

"""What is against the `az` commands of a text.

By hand, in the folder of the repository:

    PYTHONPATH=tests/support:tests/azure .venv/bin/python -m az.review FILE...
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copies import ROOT
from environments import environment_of

from az.lint import mistakes
from az.waits import mistakes as mistakes_of_waits
from workbook.site.az_lines import Command, commands_of, pieces

SECONDS = 600  # for azure-cli and all the lines; a quiet machine needs 50
HERE = Path(__file__).parent
LOCK = HERE.parent / "azure-cli.lock"
LESSONS = sorted(
    file
    for pattern in ("*.md", "phases/*/README.md", "notebooks/*/README.md", "docs/**/*.md")
    for file in ROOT.glob(pattern)
)
"""Lessons, and documents."""


def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Finding:
    """What is against a command: a refusal, or a mistake of a line that is accepted."""

    command: Command
    what: str
    is_refusal: bool

    def __str__(self) -> str:
        return f"{self.command}\n    {'refused' if self.is_refusal else 'wrong'}: {self.what}"


def waits(texts: Mapping[str, str]) -> list[str]:
    """What is wrong with the waits in Markdown texts, in words, each with its file and line."""
    return [
        f"{file}:{mistake}"
        for file, text in texts.items()
        for piece in pieces(text)
        if not piece.only_mentioned
        for mistake in mistakes_of_waits(piece.text, piece.line)
    ]


def findings(commands: Iterable[Command]) -> list[Finding]:
    """What is against each command that something is against."""
    commands = list(commands)
    refusals = _refusals(commands)
    found = []
    for command, refusal in zip(commands, refusals, strict=True):
        if refusal:
            found.append(Finding(command, refusal, is_refusal=True))
        if not command.only_mentioned:
            for rule in mistakes(command.words):
                what = f"{rule.name}: {rule.why} ({rule.source})"
                found.append(Finding(command, what, is_refusal=False))
    return found


def _refusals(commands: Sequence[Command]) -> list[str | None]:
    """What the shell or azure-cli says against each command."""
    added: dict[str, list[str]] = defaultdict(list)  # extensions, in each file
    asked = []
    for command in commands:
        asked.append(
            {
                "words": command.words,
                "only_mentioned": command.only_mentioned,
                "extensions": list(added[command.file]),
            }
        )
        if command.words[:2] == ["extension", "add"]:
            added[command.file] += command.words[2:]
    said = ask("az.parse", asked)
    return [command.problem or answer for command, answer in zip(commands, said, strict=True)]


def ask(module: str, question: object) -> Any:
    """Run a module in the environment that has azure-cli, away from the user's own settings."""
    with tempfile.TemporaryDirectory() as settings:
        azure = {
            "AZURE_CONFIG_DIR": settings,
            "AZURE_EXTENSION_DIR": str(HERE / "extensions"),
            "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
        }
        done = subprocess.run(
            [environment_of(LOCK) / "python", "-s", "-P", "-m", module],
            input=json.dumps(question),
            env={**os.environ, **azure, "PYTHONPATH": f"{HERE.parent}{os.pathsep}{ROOT / 'src'}"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


if __name__ == "__main__":
    reviewed = commands_of({name: text_of(Path(name)) for name in sys.argv[1:]})
    against = findings(reviewed)
    for finding in against:
        print(finding)
    refused = sum(finding.is_refusal for finding in against)
    mentions = sum(command.only_mentioned for command in reviewed)
    print(f"{len(reviewed) - mentions} lines and {mentions} mentions, {refused} refused")

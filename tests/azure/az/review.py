"""What is against the `az` commands of a text.

By hand, in tests/azure: `python -m az.review FILE...`.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from environments import environment_of

from az.lint import mistakes
from az.markdown import pieces

HERE = Path(__file__).parent
LOCK = HERE.parent / "azure-cli.lock"


@dataclass(frozen=True)
class Command:
    """An `az` command, as the shell hands it over."""

    file: str
    line: int
    words: list[str]
    problem: str | None  # what the shell makes of it
    only_mentioned: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: az {' '.join(self.words)}"


@dataclass(frozen=True)
class Finding:
    """What is against a command: a refusal, or a mistake of a line that is accepted."""

    command: Command
    what: str
    is_refusal: bool

    def __str__(self) -> str:
        return f"{self.command}\n    {'refused' if self.is_refusal else 'wrong'}: {self.what}"


def commands_of(texts: Mapping[str, str]) -> list[Command]:
    """Every `az` command of Markdown texts, each by the name of its file, in order."""
    asked = [
        {"file": file, **asdict(piece)} for file, text in texts.items() for piece in pieces(text)
    ]
    return [Command(**answer) for answer in _ask("shell.py", asked)]


def waits(texts: Mapping[str, str]) -> list[str]:
    """What is wrong with the waits in Markdown texts, in words, each with its file and line."""
    asked = [
        {"file": file, "line": piece.line, "text": piece.text}
        for file, text in texts.items()
        for piece in pieces(text)
        if not piece.only_mentioned
    ]
    found: list[str] = _ask("waits.py", asked)
    return found


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
    said = _ask("parse.py", asked)
    return [command.problem or answer for command, answer in zip(commands, said, strict=True)]


def _ask(script: str, question: object) -> Any:
    """Run a script in the environment that has azure-cli, away from the user's own settings."""
    with tempfile.TemporaryDirectory() as settings:
        done = subprocess.run(
            [environment_of(LOCK) / "python", "-I", HERE / script],
            input=json.dumps(question),
            env={**os.environ, "AZURE_CONFIG_DIR": settings},
            capture_output=True,
            text=True,
        )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


if __name__ == "__main__":
    reviewed = commands_of({name: Path(name).read_text(encoding="utf-8") for name in sys.argv[1:]})
    against = findings(reviewed)
    for finding in against:
        print(finding)
    refused = sum(finding.is_refusal for finding in against)
    mentions = sum(command.only_mentioned for command in reviewed)
    print(f"{len(reviewed) - mentions} lines and {mentions} mentions, {refused} refused")

"""An `az` that answers from records: tests/azure/answers holds them, each with its source."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ANSWERS = Path(__file__).parents[1] / "azure" / "answers"
SUBSCRIPTION = "1a2b3c4d-0000-0000-0000-000000000000"  # the one that the answers speak of
PROGRAM = """#!{python} -IS
import json, os, pathlib, sys, time
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as calls:
    calls.write(json.dumps([os.environ.get("AZURE_CONFIG_DIR"), *sys.argv[1:]]) + "\\n")
answers = json.loads((here / "answers.json").read_text())
words = " ".join(sys.argv[1:]) + " "
command = max((c for c in answers if words.startswith(c + " ")), key=len, default=None)
if command is None:
    sys.exit("ERROR: no answer is recorded for: " + words)
answer = answers[command]
time.sleep(answer["seconds"])
print(answer["stdout"])
print(answer["stderr"], file=sys.stderr)
sys.exit(answer["status"])
"""


def recorded(command: str) -> Any:
    """A fresh copy of what is recorded for a command."""
    path = ANSWERS / f"{command.replace(' ', '-')}.json"
    return json.loads(path.read_text(encoding="utf-8"))["answer"]


class RecordedAz:
    """The program and what it answers; at first, what is recorded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        program = folder / "az"
        program.write_text(PROGRAM.format(python=sys.executable))
        program.chmod(0o755)
        self._answers: dict[str, dict[str, Any]] = {}
        for path in ANSWERS.glob("*.json"):
            record = json.loads(path.read_text(encoding="utf-8"))
            self.answer(record["command"], record["answer"])
        for command in ("group delete", "resource delete", "keyvault purge", "account set"):
            self.say(command)  # nothing, as az does

    @property
    def path(self) -> str:
        """PATH with this az first."""
        return f"{self.folder}{os.pathsep}{os.environ['PATH']}"

    def answer(self, command: str, answer: Any) -> None:
        """What a command answers from now on."""
        self.say(command, stdout=json.dumps(answer))

    def change(self, command: str, change: Callable[[Any], object]) -> None:
        """Answer what is recorded for a command, but changed."""
        changed = recorded(command)
        change(changed)
        self.answer(command, changed)

    def say(
        self, command: str, stdout: str = "", stderr: str = "", status: int = 0, seconds: float = 0
    ) -> None:
        """What a command prints and how it ends."""
        self._answers[command] = {
            "stdout": stdout,
            "stderr": stderr,
            "status": status,
            "seconds": seconds,
        }
        (self.folder / "answers.json").write_text(json.dumps(self._answers))

    def calls(self) -> list[list[str]]:
        """The words of each call until now, without the folder of az."""
        return [call[1:] for call in self._log()]

    def folders(self) -> set[str | None]:
        """Where az was told to keep its login, in all calls until now."""
        return {call[0] for call in self._log()}

    def _log(self) -> list[list[Any]]:
        log = self.folder / "calls"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

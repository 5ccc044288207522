"""What the learner has chosen (`workbook use`): the target, and the port of the local API."""

import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from workbook.errors import WorkbookError
from workbook.phase import read_json, write_json

TARGETS = ("local", "azure")
DEFAULT_PORT = 8000


@dataclass(frozen=True)
class Choices:
    """The learner's choices, kept in .workbook/choices.json."""

    target: str = "local"
    port: int = DEFAULT_PORT

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise WorkbookError(
                f"{self.target!r} is not a target: choose {' or '.join(TARGETS)}.",
                "./workbook use local",
            )
        if not 1024 <= self.port <= 65535:
            raise WorkbookError(
                f"{self.port} is not a port for the API: choose one from 1024 to 65535.",
                f"./workbook use {self.target} --port {DEFAULT_PORT}",
            )

    def environment(self, home: Path) -> dict[str, str]:
        """What the commands of a lesson rely on: the workbook's own Python first, and names."""
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "WORKBOOK_ROOT": str(home),
            "WORKBOOK_TARGET": self.target,
            "PORT": str(self.port),
        }


def load_choices(home: Path) -> Choices:
    """The kept choices, or the defaults where none are kept or the file is damaged."""
    kept = read_json(home / ".workbook" / "choices.json") or {}
    try:
        return Choices(**kept)
    except TypeError:
        return Choices()


def save_choices(home: Path, choices: Choices) -> None:
    write_json(home / ".workbook" / "choices.json", asdict(choices))

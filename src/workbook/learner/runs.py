"""What is kept of the last run of a lesson: when it began, and what each section took."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from workbook.learner.store import kept, read_state, write_json


@kept
@dataclass(frozen=True)
class Section:
    """A section of a lesson that was run."""

    name: str
    seconds: float


@kept
@dataclass
class Run:
    """One run of a lesson from top to bottom."""

    started: str  # UTC, as ISO 8601
    seconds: float = 0
    sections: list[Section] = field(default_factory=list)
    complete: bool = False

    def __post_init__(self) -> None:
        datetime.fromisoformat(self.started)


def read_run(state: Path) -> Run | None:
    """The last run, if there was one."""
    return read_state(state / "run.json", Run)


def write_run(state: Path, run: Run) -> None:
    write_json(state / "run.json", asdict(run))

"""What is kept of the learner's drills: the one that is under way, and those that have ended.

Like check.py, this needs the standard library only where no drill is under way.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from workbook.course.phase import Phase, phases
from workbook.learner.store import kept, moment, read_state, write_json

LONG_AGO = "1970-01-01T00:00:00Z"


def in_words(seconds: float) -> str:
    """A time in words: 48 s, 12 min, 2 h 5 min."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def with_hints(number: int) -> str:
    """How many hints were used, in words."""
    return {0: "without a hint", 1: "with 1 hint"}.get(number, f"with {number} hints")


def seconds_between(begun: str, ended: str) -> float:
    """The seconds between two times; 0 where the clock was set back in between."""
    between = datetime.fromisoformat(ended) - datetime.fromisoformat(begun)
    return max(between.total_seconds(), 0)


@kept
@dataclass(frozen=True)
class UnderWay:
    """The drill that is under way."""

    name: str
    hints: int = 0  # that were shown
    begun: str = LONG_AGO  # when all was broken; the files of older versions do not say it
    broken: bool = True  # False while it is being broken or fixed, and where that was interrupted

    def __post_init__(self) -> None:
        if self.hints < 0:
            raise ValueError(f"{self.hints} hints")
        _require_zone(self.begun)

    @property
    def seconds(self) -> float:
        """How long it has been under way."""
        return seconds_between(self.begun, moment())


@kept
@dataclass(frozen=True)
class Ended:
    """A drill that has ended."""

    name: str
    begun: str
    ended: str
    hints: int  # that were shown
    by_hand: bool  # the learner fixed it; else --fix did

    def __post_init__(self) -> None:
        _require_zone(self.begun)
        _require_zone(self.ended)

    @property
    def seconds(self) -> float:
        """How long it took, by the clock on the wall."""
        return seconds_between(self.begun, self.ended)

    @property
    def how(self) -> str:
        """How it ended, and what that took."""
        who = "solved" if self.by_hand else "ended by --fix"
        return f"{who} in {in_words(self.seconds)}, {with_hints(self.hints)}"


@kept
@dataclass(frozen=True)
class _Record:
    """What the file of a phase holds."""

    drills: list[Ended]


def _require_zone(moment: str) -> None:
    if datetime.fromisoformat(moment).tzinfo is None:
        raise ValueError(f"{moment} names no time zone")


def drill_names(phase: Phase) -> list[str]:
    """The drills of a phase, for both targets. Files that begin with _ are helpers."""
    return sorted(path.stem.replace("_", "-") for path in phase.drills.glob("[!_]*.py"))


def read_under_way(phase: Phase) -> UnderWay | None:
    """The drill of a phase that is under way, if there is one."""
    if not phase.has_state:
        return None
    file = _under_way(phase)
    found = read_state(file, UnderWay)
    if found is None or found.name not in drill_names(phase):
        return None
    return replace(found, begun=moment(file.stat().st_mtime)) if found.begun == LONG_AGO else found


def write_under_way(phase: Phase, drill: UnderWay | None) -> None:
    """Keep the drill that is under way; None ends it."""
    if drill is None:
        _under_way(phase).unlink(missing_ok=True)
    else:
        write_json(_under_way(phase), asdict(drill))


def drill_under_way(home: Path, target: str) -> tuple[Phase, UnderWay] | None:
    """The drill that is under way on a target, and its phase."""
    for phase in phases(home, target):
        if found := read_under_way(phase):
            return phase, found
    return None


def read_ended(phase: Phase) -> dict[str, Ended]:
    """How each drill of a phase ended, by name: the last time by hand, or the last time at all."""
    ended = _all_ended(phase) if phase.has_state else []
    return {drill.name: drill for drill in sorted(ended, key=lambda drill: drill.by_hand)}


def record_ended(phase: Phase, drill: Ended) -> None:
    """Keep that a drill has ended. One that began at the same time is the same, and stays."""
    before = _all_ended(phase)
    if all((each.name, each.begun) != (drill.name, drill.begun) for each in before):
        write_json(_ended(phase), asdict(_Record([*before, drill])))


def _all_ended(phase: Phase) -> list[Ended]:
    record = read_state(_ended(phase), _Record)
    return record.drills if record else []


def _under_way(phase: Phase) -> Path:
    return phase.state / "drill.json"


def _ended(phase: Phase) -> Path:
    return phase.state / "drills-ended.json"

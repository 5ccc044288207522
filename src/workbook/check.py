"""Checks: one line of "Phase complete when" each, with four outcomes and reasons that teach.

    @check(after=test_model_trains, read="phases/phase0/README.md#train-the-model")
    def test_model_beats_guessing(model: Facts) -> str:
        '''The model beats guessing on texts that it has never seen'''

The docstring is the checklist line. A check returns a short note on what it saw, or raises one of
the three other outcomes. It needs pytest and the standard library only, so that a fresh clone can
say "not started" before anything is installed.
"""

import importlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from workbook.phase import Lesson

Function = TypeVar("Function", bound=Callable[..., str])


class Outcome(StrEnum):
    """What a check can come to."""

    PASSED = "passed"
    WRONG = "wrong"
    NOT_STARTED = "not started"
    UNKNOWN = "cannot be known here"


class Finding(Exception):
    """A check's outcome when it is not "passed"."""

    outcome: Outcome
    rows: dict[str, str]  # what the learner reads, by label


class Wrong(Finding):
    """The learner's system is not as the checklist line says."""

    outcome = Outcome.WRONG

    def __init__(self, *, expected: str, found: str, why: str, run_next: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.rows = {"expected": expected, "found": found, "why": why, "run next": run_next}


class NotStarted(Finding):
    """Nothing of this step is there yet."""

    outcome = Outcome.NOT_STARTED

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.rows = {"not started": reason}


class Unknown(Finding):
    """It cannot be known here, for a reason that is not the learner's doing, or until another
    check passes."""

    outcome = Outcome.UNKNOWN

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.rows = {"cannot be known": reason}


@dataclass(frozen=True)
class Check:
    """What the decorator keeps of a check."""

    line: str
    read: str
    after: tuple[Callable[..., str], ...]


@dataclass(frozen=True)
class Result:
    """What one run of one check came to."""

    name: str
    line: str
    outcome: Outcome
    seconds: float
    note: str = ""
    rows: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def check(
    *, read: str, after: Callable[..., str] | tuple[Callable[..., str], ...] = ()
) -> Callable[[Function], Function]:
    """Make a test function a check.

    Args:
        read: page and anchor that explain the line, from the workbook's folder.
        after: the check or checks without which this one could not know.
    """

    def decorate(function: Function) -> Function:
        prerequisites = after if isinstance(after, tuple) else (after,)
        kept = Check((function.__doc__ or "").strip(), read, prerequisites)
        function.check = kept  # type: ignore[attr-defined]
        return function

    return decorate


def check_of(function: Callable[..., Any]) -> Check | None:
    """What the decorator kept, or None where the function is no check."""
    return getattr(function, "check", None)


def checks_of(lesson: Lesson) -> dict[Callable[..., Any], Check]:
    """The check functions of a lesson, from the modules in its checks folder."""
    if str(lesson.root) not in sys.path:  # the checks are no part of the package
        sys.path.insert(0, str(lesson.root))
    found: dict[Callable[..., Any], Check] = {}
    for path in sorted(lesson.checks.glob("test_*.py")):
        module = importlib.import_module(f"checks.{lesson.name}.{path.stem}")
        for _, function in inspect.getmembers(module, inspect.isfunction):
            if (check := check_of(function)) and function.__module__ == module.__name__:
                found[function] = check
    return found

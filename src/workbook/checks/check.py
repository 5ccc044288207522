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
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from workbook.checks.questions import Judged
from workbook.course.phase import Lesson, Phase, phases
from workbook.learner.store import kept, moment, read_state, write_json
from workbook.outcome import Outcome

Function = TypeVar("Function", bound=Callable[..., str])


@dataclass(frozen=True)
class Check:
    """What the decorator keeps of a check."""

    line: str
    read: str
    after: tuple[Callable[..., str], ...]


@kept
@dataclass(frozen=True)
class Result:
    """What one run of one check came to."""

    name: str
    line: str
    outcome: Outcome
    seconds: float
    note: str = ""
    rows: dict[str, str] = field(default_factory=dict)
    waits_for: str = ""  # the line that has to pass before this one can be looked at
    judged: Judged | None = None  # of the line about the questions, where one is not answered


@kept
@dataclass(frozen=True)
class Checked:
    """What the checks of a lesson came to, as it is kept."""

    checked: str  # when; UTC, as ISO 8601
    results: list[Result]
    promises: list[Result] = field(default_factory=list)  # what lines of earlier phases came to

    @property
    def passed(self) -> int:
        return sum(result.outcome is Outcome.PASSED for result in self.results)

    @property
    def is_complete(self) -> bool:
        """Whether the system is as it should be, whatever the answers to the questions are."""
        results = [*self.results, *self.promises]
        return all(each.outcome is Outcome.PASSED or each.judged for each in results)

    @property
    def wrong_answers(self) -> list[str]:
        """The questions whose answers are wrong, of this phase and of earlier ones."""
        judged = [each.judged for each in [*self.results, *self.promises] if each.judged]
        return [question for each in judged for question in each.wrong]

    @property
    def broken(self) -> list[str]:
        """The lines of earlier phases that do not hold any more."""
        return [result.line for result in self.promises if result.outcome is Outcome.WRONG]


def read_results(lesson: Lesson) -> Checked | None:
    """What the last checks of a lesson came to, if it has been checked."""
    return read_state(lesson.state / "checks.json", Checked)


def keep_results(lesson: Lesson, results: list[Result], promises: list[Result]) -> None:
    """Remember what the checks of a lesson came to, and the promises of earlier phases."""
    write_results(lesson.state / "checks.json", results, promises)


def renew_result(phase: Phase, result: Result) -> None:
    """Replace what one line came to, in the last checks of its phase and of later ones."""

    def renewed(results: list[Result]) -> list[Result]:
        return [result if each.line == result.line else each for each in results]

    for each in phases(phase.root, phase.target):
        last = read_results(each) if each.number >= phase.number and each.has_state else None
        if last is None:
            continue
        if each.number == phase.number:
            last = replace(last, results=renewed(last.results))
        else:
            last = replace(last, promises=renewed(last.promises))
        write_json(each.state / "checks.json", asdict(last))


def write_results(file: Path, results: list[Result], promises: list[Result]) -> None:
    """Write what checks came to, so that `read_state` reads it as Checked."""
    when = moment()
    write_json(file, asdict(Checked(when, results, promises)))


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

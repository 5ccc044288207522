"""An exercise: a goal, a file to begin with, a judge, hints and a solution.

It is a folder exercises/phaseN/NAME. `exercise.py` has one `EXERCISE`. The texts are real files:
`start/FILE`, `solution/FILE`, and `wrong/ATTEMPT/FILE`, by which tests prove the judge. The
learner's own is `mine/FILE`; git ignores it.
"""

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from workbook.checks.check import Result
from workbook.course.phase import Phase
from workbook.drills.drill import load_file
from workbook.errors import WorkbookError
from workbook.learner.store import kept, moment, read_state, rename, whole, write_json
from workbook.outcome import Finding, NotStarted, Outcome, Wrong
from workbook.targets.kubernetes import Kubernetes
from workbook.targets.opening import open_cluster

LARGEST = 10_000  # bytes; a solution has a few hundred
SHOWN = 800  # characters of what was found


class Unreadable(WorkbookError):
    """The learner's file is missing, or cannot be read as text."""


@dataclass(frozen=True)
class Attempt:
    """What was written, and the phase whose code and system it is judged by."""

    phase: Phase
    name: str  # of the exercise
    file: Path

    @property
    def text(self) -> str:
        return self.file.read_text(encoding="utf-8")

    @cached_property
    def cluster(self) -> Kubernetes:
        """The learner's cluster.

        Raises:
            Finding: it cannot be asked.
        """
        return open_cluster(self.phase.root, self.phase.target)

    def wrong(self, *, expected: str, found: str, why: str) -> Wrong:
        """The finding that the goal is not reached."""
        found = found if len(found) <= SHOWN else f"{found[:SHOWN]}..."
        exercises = Exercises(self.phase)
        run_next = f"edit {exercises.shown(self.name)}, then {exercises.command(self.name)}"
        return Wrong(expected=expected, found=found, why=why, run_next=run_next)


@dataclass(frozen=True)
class Exercise:
    """Something to write."""

    title: str
    goal: str  # what to write and how it is judged, in a few sentences of Markdown
    file: str  # the name of the file that the learner edits
    minutes: int
    hints: tuple[str, ...]  # from a nudge to nearly the solution
    judge: Callable[[Attempt], str]  # returns what it saw, or raises a Finding
    wrong: Mapping[str, str]  # attempts that fail, each with words that the judge then says


@kept
@dataclass(frozen=True)
class Record:
    """What the workbook remembers of an exercise."""

    begun: str  # when; UTC, as ISO 8601
    hints: int = 0  # that were shown
    tries: int = 0  # that were judged
    solution_seen: bool = False  # before it was passed
    passed: str = ""  # when it was passed first; "" if never

    def __post_init__(self) -> None:
        if min(self.hints, self.tries) < 0:
            raise ValueError(f"{self.hints} hints, {self.tries} tries")


class Exercises:
    """The exercises of one phase."""

    def __init__(self, phase: Phase) -> None:
        self._phase = phase

    def names(self) -> list[str]:
        return sorted(file.parent.name for file in self._phase.exercises.glob("*/exercise.py"))

    def load(self, name: str) -> Exercise:
        """Load an exercise by its name.

        Raises:
            WorkbookError: no exercise has that name.
        """
        if name not in self.names():
            there_are = ", ".join(self.names()) or "none"
            number = self._phase.number
            raise WorkbookError(
                f"Phase {number} has no exercise {name!r}. Its exercises: {there_are}.",
                f"./workbook exercise {number}",
            )
        exercise: Exercise = load_file(
            self._folder(name) / "exercise.py", self._phase.root
        ).EXERCISE
        return exercise

    def start(self, name: str) -> Path:
        return self._folder(name) / "start" / self.load(name).file

    def solution(self, name: str) -> Path:
        return self._folder(name) / "solution" / self.load(name).file

    def wrong(self, name: str, attempt: str) -> Path:
        return self._folder(name) / "wrong" / attempt / self.load(name).file

    def mine(self, name: str) -> Path:
        """The file that the learner edits."""
        return self._folder(name) / "mine" / self.load(name).file

    def shown(self, name: str) -> str:
        """The path of the file that the learner edits, from the workbook's folder."""
        return str(self.mine(name).relative_to(self._phase.root))

    def command(self, name: str) -> str:
        """The command that judges it."""
        return f"./workbook exercise {self._phase.number} {name}"

    def record(self, name: str) -> Record | None:
        """What the workbook remembers of an exercise; None before its begin."""
        return read_state(self._record(name), Record)

    def begin(self, name: str) -> bool:
        """Give the learner the file to begin with, if it is not there; True if it was not."""
        mine = self.mine(name)
        if os.path.lexists(mine):
            return False
        with whole(mine) as draft:
            shutil.copyfile(self.start(name), draft)
        self._keep(name)
        return True

    def judge(self, name: str) -> Result:
        """Judge the learner's file, and record what came of it.

        Raises:
            Unreadable: it is missing, or no text.
        """
        mine = self.mine(name)
        if problem := unreadable(mine):
            raise Unreadable(f"{self.shown(name)} {problem}.", f"{self.command(name)} --reset")
        result = self.judge_file(name, mine)
        if result.outcome is Outcome.PASSED:
            self._keep(name, tries=1, passed=moment())
        elif result.outcome is Outcome.WRONG:
            self._keep(name, tries=1)
        return result

    def judge_file(self, name: str, file: Path) -> Result:
        """What the judge says of a file, as a line of the checklist."""
        exercise = self.load(name)
        began = time.monotonic()
        outcome, note, rows = Outcome.PASSED, "", {}
        try:
            if file.read_bytes() == self.start(name).read_bytes():
                raise NotStarted(f"edit {self.shown(name)}, which is as you got it")
            note = exercise.judge(Attempt(self._phase, name, file))
        except Finding as finding:
            outcome, rows = finding.outcome, finding.rows
        seconds = round(time.monotonic() - began, 1)
        return Result(name, exercise.title, outcome, seconds, note, rows)

    def hint(self, name: str) -> tuple[int, int, str]:
        """The next hint: its number, how many there are, and its text; at the end, the last one."""
        hints = self.load(name).hints
        before = self.record(name)
        shown = min((before.hints if before else 0) + 1, len(hints))
        self._keep(name, hints=shown)
        return shown, len(hints), hints[shown - 1]

    def show_solution(self, name: str) -> str:
        """The solution's text; that it was seen is recorded, unless the exercise is passed."""
        before = self.record(name)
        if not (before and before.passed):
            self._keep(name, solution_seen=True)
        return self.solution(name).read_text(encoding="utf-8")

    def reset(self, name: str) -> Path | None:
        """Start over; returns where the learner's file is now, if there was one."""
        mine = self.mine(name)
        aside = None
        if os.path.lexists(mine):
            aside = rename(mine, f"{mine.name}.before-{{}}")
        self._record(name).unlink(missing_ok=True)
        self.begin(name)
        return aside

    def _folder(self, name: str) -> Path:
        return self._phase.exercises / name

    def _record(self, name: str) -> Path:
        return self._phase.state / "exercises" / f"{name}.json"

    def _keep(
        self,
        name: str,
        hints: int = 0,
        tries: int = 0,
        solution_seen: bool = False,
        passed: str = "",
    ) -> None:
        """Add to what is remembered."""
        before = self.record(name) or Record(moment())
        after = replace(
            before,
            hints=max(before.hints, hints),
            tries=before.tries + tries,
            solution_seen=before.solution_seen or solution_seen,
            passed=before.passed or passed,
        )
        write_json(self._record(name), asdict(after))


def unreadable(file: Path) -> str:
    """Why a file cannot be judged as text; "" if it can be."""
    if not file.is_file():
        return "is not a file"
    if (size := file.stat().st_size) > LARGEST:
        return f"has {size:,} bytes; at most {LARGEST:,} are judged"
    content = file.read_bytes()
    if not content.strip():
        return "is empty"
    if b"\0" in content:
        return "holds NUL characters, so it is not text; save it as UTF-8"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return f"is not UTF-8: see line {line}"
    return ""

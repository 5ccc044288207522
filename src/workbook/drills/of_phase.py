"""The drills of one phase: begun, hinted at, fixed, recorded.

A drill is remembered before anything is broken, so that `--fix` works after an interruption at any
point.
"""

import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from workbook.checks.check import Checked, Result, check_of, read_results
from workbook.course.phase import phases
from workbook.drills.drill import Drill, NothingToBreak, System, load_file
from workbook.errors import WorkbookError
from workbook.learner.drills import (
    Ended,
    UnderWay,
    drill_names,
    drill_under_way,
    read_ended,
    read_under_way,
    record_ended,
    write_under_way,
)
from workbook.learner.store import moment
from workbook.outcome import Finding, Outcome

OF_CHECK = {"why": "The check says why", "run next": "Run next"}  # the last hints, by their rows
SOLVED = 2


@dataclass(frozen=True)
class Hint:
    """A hint, and its place among all of a drill."""

    number: int
    of: int
    text: str


class Drills:
    """The drills of one phase."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.phase = system.phase

    def of_target(self) -> dict[str, Drill]:
        """The drills of the phase's target by their names, the easiest first."""
        drills = {name: self.load(name) for name in drill_names(self.phase)}
        here = [name for name, drill in drills.items() if self.phase.target in drill.targets]
        return {name: drills[name] for name in sorted(here, key=lambda n: drills[n].difficulty)}

    def load(self, name: str) -> Drill:
        """Load a drill by its name.

        Raises:
            WorkbookError: no drill has that name.
        """
        if name not in drill_names(self.phase):
            raise WorkbookError(
                f"Phase {self.phase.number} has no drill {name!r}. The list has its drills.",
                f"./workbook drill {self.phase.number}",
            )
        file = self.phase.drills / f"{name.replace('-', '_')}.py"
        drill: Drill = load_file(file, self.phase.root).DRILL
        return drill

    def named(self, number_or_name: str) -> str:
        """The name of a drill that is given by its number in the list, or by its name."""
        names = list(self.of_target())
        if number_or_name.isdecimal() and 0 < int(number_or_name) <= len(names):
            return names[int(number_or_name) - 1]
        return number_or_name

    def tried(self, name: str) -> int:
        """What became of a drill: 0 not tried; 1 ended by --fix; 2 solved by the learner."""
        ended = read_ended(self.phase).get(name)
        return 1 + ended.by_hand if ended else 0

    def next(self) -> str | None:
        """The command that begins the next drill: the easiest that is not solved, new ones first.

        None where all are solved.
        """
        names = list(self.of_target())
        unsolved = [name for name in names if self.tried(name) < SOLVED]
        if not unsolved:
            return None
        number = names.index(min(unsolved, key=self.tried)) + 1
        return f"./workbook drill {self.phase.number} {number}"

    def under_way(self) -> str | None:
        """The name of the drill that is under way."""
        found = read_under_way(self.phase)
        return found.name if found else None

    def begin(self, name: str) -> Drill:
        """Break what the drill breaks.

        Raises:
            WorkbookError: it runs on the other target, another drill is under way, or there is
                nothing to break yet. Or the break failed half-way: `fix` undoes it.
        """
        drill = self.load(name)
        if self.phase.target not in drill.targets:
            raise WorkbookError(
                f"Drill {name} runs on {' and '.join(drill.targets)} only; your target is "
                f"{self.phase.target}.",
                f"./workbook drill {self.phase.number}",
            )
        refuse_under_way(self.phase.root, self.phase.target)
        write_under_way(self.phase, UnderWay(name, begun=moment(), broken=False))
        try:
            drill.break_it(self._system)
        except NothingToBreak:
            self._forget()
            raise
        except WorkbookError as error:  # half-way: what comes first is to put it back
            fix = f"./workbook drill {self.phase.number} --fix"
            raise WorkbookError(str(error), fix) from error
        write_under_way(self.phase, UnderWay(name, begun=moment()))
        return drill

    def hint(self) -> Hint | None:
        """The next hint; None after the last.

        First come the drill's own hints: they say where to look. Then comes what the check says:
        its `why` is the cause, or nearly, and `run next` is the remedy, or shows it.

        Raises:
            WorkbookError: no drill is under way. Or the next hint is the check's, which has not
                been run since the drill began.
        """
        current = self._current()
        drill = self.load(current.name)
        own, number = len(drill.hints), current.hints + 1
        texts = [*drill.hints]
        if number > own:
            texts += self._hints_of_check(drill, current)
        if number > len(texts):
            return None
        write_under_way(self.phase, replace(current, hints=number))
        return Hint(number, own + len(OF_CHECK), texts[number - 1])

    def _hints_of_check(self, drill: Drill, current: UnderWay) -> list[str]:
        """What the check of the drill under way says; nothing where another cause hides it."""
        there_are = phases(self.phase.root, self.phase.target)
        kept = [c for phase in there_are if phase.has_state and (c := read_results(phase))]
        newer = sorted((c for c in kept if is_newer(c, current)), key=lambda c: c.checked)
        results = [found for checked in newer if (found := result_of(drill, checked))]
        if not results:
            raise WorkbookError(
                "The next hints are what the check says. It has not been run since the drill "
                "began.",
                f"./workbook check {self.phase.number}",
            )
        rows = results[-1].rows if results[-1].outcome is Outcome.WRONG else {}
        return [f"{label}: {rows[row]}" for row, label in OF_CHECK.items() if row in rows]

    def fix(self) -> Drill:
        """Fix what the drill under way broke."""
        current = self._current()
        drill = self.load(current.name)
        write_under_way(self.phase, replace(current, broken=False))
        drill.fix(self._system)
        self._end(current, by_hand=False)
        return drill

    def abandon(self) -> None:
        """End the drill under way, whose system is removed: what is not there cannot be fixed.

        What the drill changed on this machine, such as your answers, is put back.
        """
        if name := self.under_way():
            with suppress(WorkbookError, Finding):
                self.load(name).fix(self._system)
            self._forget()

    def end_if_passed(self, checked: Checked) -> Ended | None:
        """End the drill under way if the check that it turned red has passed again.

        While it is being broken or fixed, a check that passes says nothing.

        Args:
            checked: what checks came to, of this phase or a later one.
        """
        current = read_under_way(self.phase)
        if current is None or not current.broken or not is_newer(checked, current):
            return None
        found = result_of(self.load(current.name), checked)
        if found is None or found.outcome is not Outcome.PASSED:
            return None
        return self._end(current, by_hand=True)

    def _current(self) -> UnderWay:
        current = read_under_way(self.phase)
        if current is None:
            raise WorkbookError(
                f"No drill of phase {self.phase.number} is under way.",
                f"./workbook drill {self.phase.number}",
            )
        return current

    def _end(self, drill: UnderWay, by_hand: bool) -> Ended:
        ended = Ended(drill.name, drill.begun, moment(), drill.hints, by_hand)
        record_ended(self.phase, ended)  # first: an interruption may follow
        self._forget()
        return ended

    def _forget(self) -> None:
        """Forget the drill under way, and what it has put aside."""
        shutil.rmtree(self._system.kept)
        write_under_way(self.phase, None)


def in_random_order(of_phases: list[Drills], random: Random) -> list[tuple[Drills, str]]:
    """The drills of several phases in a random order, but those that are solved at the end."""
    pairs = [(drills, name) for drills in of_phases for name in drills.of_target()]
    random.shuffle(pairs)
    return sorted(pairs, key=lambda pair: pair[0].tried(pair[1]))


def refuse_under_way(home: Path, target: str) -> None:
    """Refuse what needs a system that no drill has broken.

    Raises:
        WorkbookError: a drill is under way. Its name may tell the cause, so it is not said.
    """
    if found := drill_under_way(home, target):
        number = found[0].number
        raise WorkbookError(
            f"A drill of phase {number} is under way: find what it broke, or let --fix explain it.",
            f"./workbook drill {number} --fix",
        )


def is_newer(checked: Checked, drill: UnderWay) -> bool:
    """Whether the checks were run after a drill began."""
    return checked.checked > drill.begun  # the same form, so that texts compare as times do


def result_of(drill: Drill, checked: Checked) -> Result | None:
    """What the check that a drill turns red came to."""
    name, check = drill.turns_red.__name__, check_of(drill.turns_red)
    there_are = (*checked.results, *checked.promises)
    return next((r for r in there_are if check and (r.name, r.line) == (name, check.line)), None)

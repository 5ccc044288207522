"""`drill`: break something on purpose, find the cause, fix it."""

import shutil
from pathlib import Path
from random import Random
from textwrap import TextWrapper
from typing import Annotated

import typer

from workbook.checks.check import read_results
from workbook.course.phase import Phase, find_phase, phases, root
from workbook.drills.drill import NothingToBreak, System
from workbook.drills.of_phase import SOLVED, Drills, in_random_order
from workbook.errors import WorkbookError
from workbook.learner.background import Background
from workbook.learner.choices import Choices, load_choices
from workbook.learner.drills import (
    drill_under_way,
    in_words,
    read_ended,
    read_under_way,
)
from workbook.learner.store import exclusively
from workbook.lessons.going_back import was_begun

HARDEST = 3
INDENT = 10  # of what stands below a title
ENDLESS = 10_000  # columns, where there is no terminal


def drill(
    number: Annotated[
        int | None,
        typer.Argument(metavar="[N]", help="The phase: 0 to 7. --random needs none."),
    ] = None,
    name: Annotated[
        str,
        typer.Argument(
            metavar="[DRILL]",
            help="Its number in the list, or its name. Leave it out to list the drills.",
        ),
    ] = "",
    hint: Annotated[bool, typer.Option("--hint", help="Show the next hint.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Explain the fix, and apply it.")] = False,
    random: Annotated[
        bool,
        typer.Option(
            "--random",
            help="Begin one that you do not choose: of phase 0, or of your latest complete phase.",
        ),
    ] = False,
) -> None:
    """Break something on purpose, find the cause, fix it."""
    home = root()
    choices = load_choices(home)
    if random:
        chosen = [find_phase(number, home, choices.target)] if number is not None else []
        with exclusively(home):
            _begin_at_random(chosen or _reached(home, choices.target), choices)
        return
    drills = _drills_of(_phase(number, home, choices.target), choices)
    if hint:
        with exclusively(home):
            _show_hint(drills)
    elif fix:
        with exclusively(home):
            _fix(drills)
    elif name:
        with exclusively(home):
            _begin(drills, drills.named(name))
    else:
        _list(drills)


def drills_in_a_line(phase: Phase, choices: Choices) -> str:
    """How many of a phase's drills are solved, and the next one."""
    drills = _drills_of(phase, choices)
    there_are = drills.of_target()
    solved = sum(drills.tried(name) == SOLVED for name in there_are)
    command = drills.next()
    return f"{solved} of {len(there_are)} drills solved" + (f": {command}" if command else "")


def _drills_of(phase: Phase, choices: Choices) -> Drills:
    return Drills(System(phase, choices, Background(phase.state)))


def _phase(number: int | None, home: Path, target: str) -> Phase:
    """The phase of that number; without one, the phase whose drill is under way."""
    if number is not None:
        return find_phase(number, home, target)
    found = drill_under_way(home, target)
    if found is None:
        raise WorkbookError(
            "No drill is under way. List those of a phase, such as 0.", "./workbook drill 0"
        )
    return found[0]


def _begin(drills: Drills, name: str) -> None:
    begun = drills.begin(name)
    number = drills.phase.number
    print(f"{begun.title}\n")
    print(f"Something is wrong now. See what: ./workbook check {number}")
    print("Then find the cause, and fix it yourself. If you are stuck:")
    print(f"  ./workbook drill {number} --hint   one more hint each time")
    print(f"  ./workbook drill {number} --fix    explain the fix, and apply it")


def _begin_at_random(reached: list[Phase], choices: Choices) -> None:
    """Begin one drill of several phases: one that is not solved, if there is one.

    Raises:
        WorkbookError: no phase was complete yet; or another drill is under way; or there is nothing
            to break.
    """
    if not reached:
        raise WorkbookError(
            "A drill breaks a system that works, and no phase is complete yet.",
            "./workbook check 0",
        )
    refused = None
    for drills, name in in_random_order([_drills_of(p, choices) for p in reached], Random()):
        try:
            begun = drills.begin(name)
        except NothingToBreak as nothing:
            refused = nothing
            continue
        numbers = " and ".join(str(phase.number) for phase in reached)
        print(f"Chosen from the drills of phase{'s' * (len(reached) > 1)} {numbers}.\n")
        print(f"Phase {drills.phase.number}: {begun.title}")
        print(f"\nSee what is wrong: ./workbook check {drills.phase.number}")
        return
    raise refused or WorkbookError("These phases have no drill.", "./workbook status")


def _reached(home: Path, target: str) -> list[Phase]:
    """The complete phases whose drills fit the system as it is.

    Of those on the cluster, that is the latest: it changed what drills of earlier ones break.
    Phase 0 is beside them, on this machine.
    """
    complete = [phase for phase in phases(home, target) if _was_complete(phase)]
    on_cluster = [phase for phase in complete if phase.has("cluster")]
    return [phase for phase in complete if not phase.has("cluster")] + on_cluster[-1:]


def _was_complete(phase: Phase) -> bool:
    """Whether the checks of a phase have passed, and `goto` did not leave the phase since."""
    if not was_begun(phase):
        return False
    checked = read_results(phase)
    return bool(read_ended(phase)) or (checked is not None and checked.is_complete)


def _show_hint(drills: Drills) -> None:
    if shown := drills.hint():
        print(f"Hint {shown.number} of {shown.of}: {shown.text}")
    else:
        fix = f"./workbook drill {drills.phase.number} --fix"
        print(f"That was the last hint. Explain and apply the fix: {fix}")


def _fix(drills: Drills) -> None:
    fixed = drills.fix()
    print(f"--fix has repaired your system. By hand, you would do this:\n\n{fixed.way_back}")
    print(f"\nTo see the result: ./workbook check {drills.phase.number}")


def _list(drills: Drills) -> None:
    """List a phase's drills by their titles: a name may tell the cause."""
    number = drills.phase.number
    ended, current = read_ended(drills.phase), read_under_way(drills.phase)
    there_are = drills.of_target()
    columns = shutil.get_terminal_size((ENDLESS, 0)).columns
    wrap = TextWrapper(columns, subsequent_indent=" " * INDENT, break_on_hyphens=False).fill
    print(f"The drills of phase {number}, the easiest first:\n")
    for place, (name, one) in enumerate(there_are.items(), 1):
        print(wrap(f"{place:3}  {'●' * one.difficulty:{HARDEST}}  {one.title}"))
        if current and name == current.name:
            print(f"{'':{INDENT}}under way for {in_words(current.seconds)}")
        elif over := ended.get(name):
            print(f"{'':{INDENT}}{over.how}: {name}")
    if current:
        print(f"\nThe next hint: ./workbook drill {number} --hint")
    elif command := drills.next():
        print(f"\nNext: {command}")
    elif there_are:
        print("\nAll are solved. One of phase 0 or of your latest complete phase:")
        print("./workbook drill --random")

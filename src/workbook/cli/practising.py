"""The verb `exercise`: write something yourself, and let it be judged."""

import textwrap
from typing import Annotated

import typer

from workbook.cli.arguments import Number, chosen_phase
from workbook.errors import WorkbookError
from workbook.exercises.exercise import Exercise, Exercises, Record
from workbook.learner.drills import with_hints
from workbook.outcome import EXIT_STATUS, Outcome

WIDTH = 80


def exercise(
    number: Number,
    name: Annotated[
        str, typer.Argument(help="The exercise's name. Leave it out to list the exercises.")
    ] = "",
    hint: Annotated[bool, typer.Option("--hint", help="Show the next hint.")] = False,
    solution: Annotated[bool, typer.Option("--solution", help="Show the solution.")] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Start over. Your file is kept beside the new one.")
    ] = False,
) -> None:
    """Write something yourself, towards a goal: the first call begins, the next ones judge it.

    Exit status: 0 passed or begun; 1 wrong; 10 not started; 11 cannot be known here.
    """
    phase, _ = chosen_phase(number)
    exercises = Exercises(phase)
    command = exercises.command(name)
    if hint + solution + reset > 1:
        raise WorkbookError("Choose one of --hint, --solution and --reset.")
    if not name:
        if hint or solution or reset:
            raise WorkbookError("Name the exercise.", f"./workbook exercise {number}")
        _list(exercises)
    elif hint:
        shown, of, text = exercises.hint(name)
        print(f"Hint {shown} of {of}: {text}")
        if shown == of:
            print(f"That was the last one. To see the solution: {command} --solution")
    elif solution:
        print(exercises.show_solution(name), end="")
    elif reset:
        if aside := exercises.reset(name):
            print(f"Your file is now {aside.relative_to(phase.root)}.")
        _introduce(exercises, name)
    elif exercises.begin(name):
        _introduce(exercises, name)
    else:
        raise typer.Exit(_judge(exercises, name))


def _list(exercises: Exercises) -> None:
    there_are = {name: exercises.load(name) for name in exercises.names()}
    if not there_are:
        print("This phase has no exercises yet.")
    width = max(map(len, there_are), default=0) + 2
    for name, one in there_are.items():
        state = progress(exercises.record(name))
        print(f"{name:{width}}{one.title}, {one.minutes} minutes: {state}")
    if there_are:
        print(f"\nBegin one: {exercises.command('NAME')}")


def progress(record: Record | None) -> str:
    """How far the learner is with an exercise."""
    if record is None:
        return "not begun"
    if not record.passed:
        return "begun"
    seen = " and the solution" if record.solution_seen else ""
    return f"passed on {record.passed[:10]}, {with_hints(record.hints)}{seen}"


def _introduce(exercises: Exercises, name: str) -> None:
    one: Exercise = exercises.load(name)
    command = exercises.command(name)
    print(f"{one.title} ({one.minutes} minutes)\n")
    print(textwrap.fill(one.goal, WIDTH, break_on_hyphens=False))
    print(f"\n{'Edit:':10}{exercises.shown(name)}")
    print(f"{'Judge:':10}{command}")
    print(f"{'Stuck?':10}{command} --hint, one more hint each time")
    print(f"{'':10}{command} --solution")


def _judge(exercises: Exercises, name: str) -> int:
    from _pytest._io import TerminalWriter

    from workbook.checks.screen import Screen

    result = exercises.judge(name)
    Screen(TerminalWriter()).result(result)
    if result.outcome is Outcome.PASSED:
        print(f"\n{progress(exercises.record(name)).capitalize()}.")
        print(f"Compare with the solution: {exercises.command(name)} --solution")
    elif result.outcome is Outcome.WRONG:
        print(f"\nThe next hint: {exercises.command(name)} --hint")
    return EXIT_STATUS[result.outcome]

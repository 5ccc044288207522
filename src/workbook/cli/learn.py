"""The verbs of a lesson: read it, run it, check it, start it over."""

import os
import subprocess
import sys
from typing import Annotated

import typer

from workbook.checks.check import read_results
from workbook.cli.actions import (
    PASSED,
    check_lesson,
    console,
    examine_phase,
    is_complete,
    run_and_show,
    say_what_is_left,
    write_receipt,
)
from workbook.cli.arguments import Number, NumberOrName, chosen_lesson, chosen_phase
from workbook.course.phase import Phase, find_phase, root
from workbook.learner.store import exclusively
from workbook.targets.environment import lesson_environment

WithAnswers = Annotated[
    bool,
    typer.Option("--answers", help="Answer the questions, too, where you have not: for CI."),
]


def start(answers: WithAnswers = False) -> None:
    """Run phase 0 and check it. Then show what to do next. The questions are yours."""
    phase, choices = chosen_phase(0)
    with exclusively(phase.root):
        if not examine_phase(phase, choices):
            raise typer.Exit(2)
        run_and_show(phase, choices, answers)
        status = check_lesson(phase)
    if status == PASSED:
        write_receipt(phase)
    if is_complete(phase, status):
        say_what_is_left(phase)
        console.print("\n[bold]Next[/bold]")
        for command, purpose in (
            ("./workbook lab 0", "read the lesson in JupyterLab, cell by cell"),
            ("./workbook check 0", "see what is complete, and what is left"),
            ("./workbook answer 0", "answer the questions about your own model"),
            ("./workbook drill 0", "break something, and find the cause"),
            ("./workbook exercise 0", "write something yourself"),
            ("./workbook up", "create a cluster, once; then: ./workbook lab 1"),
        ):
            console.print(f"  {command:24}{purpose}")
        console.print("The API is still running. To end it: ./workbook stop")
    raise typer.Exit(_status_without_questions(phase, status, answers))


def run(which: NumberOrName, answers: WithAnswers = False) -> None:
    """Run a phase's lesson or a notebook from top to bottom. The questions are yours."""
    lesson, choices = chosen_lesson(which)
    with exclusively(lesson.root):
        if isinstance(lesson, Phase) and not examine_phase(lesson, choices):
            raise typer.Exit(2)
        run_and_show(lesson, choices, answers)
    if isinstance(lesson, Phase):
        say_what_is_left(lesson)


def _status_without_questions(phase: Phase, status: int, answers: bool) -> int:
    """The exit status of a verb that leaves the questions to the learner: open ones are fine."""
    kept = read_results(phase)
    if answers or kept is None or kept.wrong_answers or not is_complete(phase, status):
        return status
    return PASSED


def check(
    which: NumberOrName,
    junit: Annotated[str, typer.Option(metavar="FILE", help="Also write JUnit XML.")] = "",
    active: Annotated[
        bool, typer.Option("--active", help="Repeat the lesson's disruptions, too.")
    ] = False,
) -> None:
    """Check your system against the checklist of a phase or a notebook.

    Exit status: 0 all passed; 1 something is wrong; 3 a check itself failed; 10 something is not
    started; 11 something cannot be known here.
    """
    lesson, _ = chosen_lesson(which)
    options = [f"--junitxml={junit}"] if junit else []
    raise typer.Exit(check_lesson(lesson, *options, *(["--active"] if active else [])))


def goto(number: Number, answers: WithAnswers = False) -> None:
    """Catch up: let the workbook do the phases up to N, or go back to phase N.

    The questions of these phases are yours. Going back keeps rows, answers, receipts and
    Terraform's state.
    """
    from workbook.cli.moving import move_to

    wanted, choices = chosen_phase(number)
    with exclusively(wanted.root):
        status = move_to(wanted, choices, answers)
    for phase in wanted.up_to:
        say_what_is_left(phase)
    raise typer.Exit(_status_without_questions(wanted, status, answers))


def diff(
    older: Annotated[int, typer.Argument(metavar="M", help="The earlier phase.")],
    newer: Annotated[int, typer.Argument(metavar="N", help="The later phase.")],
) -> None:
    """Show how the code changes from one phase to another."""
    from workbook.course.changes import SECONDS_TO_COMPARE, comparisons, is_code

    home = root()
    phases_compared = [find_phase(number, home, "local") for number in (older, newer)]
    for name, command in comparisons(*phases_compared):
        if is_code(name):
            subprocess.run(command, cwd=home, timeout=SECONDS_TO_COMPARE)
    print(f"Left out: lessons, notebooks and locks. A lesson: phases/phase{newer}/README.md")


def receipt(number: Number) -> None:
    """Record what was run and checked, with dates and versions."""
    phase, _ = chosen_phase(number)
    write_receipt(phase)


def reset(
    number: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Start a phase over: end its programs; remove its model, objects, answers and receipts.

    Your copy of its notebook is renamed.
    """
    from workbook.lessons.reset import reset_phase, what_goes

    phase, choices = chosen_phase(number)
    doomed = what_goes(phase)
    if not doomed:
        print(f"There is nothing to remove: phase {number} is as new.")
        return
    for line in doomed:
        print(f"  {line}")
    if not yes and not typer.confirm("Remove all of this? Your files in git stay."):
        raise typer.Exit(1)
    with exclusively(phase.root):
        reset_phase(phase, choices)
    print(f"Phase {number} is as new.")


def lab(
    which: NumberOrName = "0",
    new: Annotated[
        bool, typer.Option("--new", help="Make a new copy. The old one stays beside it.")
    ] = False,
) -> None:
    """Open your own copy of a lesson or a notebook in JupyterLab."""
    from workbook.lessons.lab import lab_environment
    from workbook.lessons.own_copy import is_stale, make_copy, own_copy, set_copy_aside

    lesson, choices = chosen_lesson(which)
    mine = own_copy(lesson)
    if new and (aside := set_copy_aside(lesson)):
        print(f"Your old copy is {aside.relative_to(lesson.root)}.")
    if not mine.exists():
        make_copy(lesson)
    print(f"{mine.relative_to(lesson.root)} is your copy. git ignores it.")
    if is_stale(lesson):
        print("The lesson has changed since this copy was made. To take the new lesson, and keep")
        print(f"your copy beside it: ./workbook lab {lesson.argument} --new")
    os.environ.update(lesson_environment(lesson.root, choices) | lab_environment(lesson.root))
    # without this, what a cell prints passes over local ports as it is
    encrypted = "--KernelManager.transport_encryption=required"
    command = [sys.executable, "-m", "jupyter", "lab", encrypted, f"--notebook-dir={lesson.root}"]
    # so that the address is not lost in what is logged; JupyterLab has a level of its own
    command += ["--log-level=ERROR", "--LabApp.log_level=ERROR"]
    if os.geteuid() == 0:  # as in many containers; Jupyter listens on this machine only
        command.append("--allow-root")
    # and not as an argument: the address that Jupyter prints then leads to the lesson too
    command.append(f"--LabApp.default_url=/lab/tree/{mine.relative_to(lesson.root).as_posix()}")
    os.execv(sys.executable, command)

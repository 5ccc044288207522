"""What several verbs do: look at a phase's needs, run a lesson, check it, certify a phase."""

import os
import subprocess
import time

from rich.console import Console
from rich.markup import escape

from workbook.checks.answering import cluster_of
from workbook.checks.check import read_results
from workbook.checks.running import checks_command, checks_environment
from workbook.course.lesson import title_of
from workbook.course.phase import Lesson, Phase
from workbook.drills.drill import System
from workbook.drills.of_phase import Drills
from workbook.errors import WorkbookError
from workbook.learner.answers import (
    GIVES_ANSWERS,
    OF_BEFORE,
    answers_of_before,
    open_questions,
    set_aside_answers,
)
from workbook.learner.background import Background
from workbook.learner.choices import Choices, load_choices
from workbook.learner.drills import drill_under_way, in_words, with_hints
from workbook.learner.store import LOCK_IS_HELD
from workbook.lessons.going_back import return_to, was_left
from workbook.outcome import EXIT_STATUS, Outcome
from workbook.progress import print_done
from workbook.targets.doctor import examine
from workbook.targets.environment import lesson_environment

# exit statuses of checks that give a clear answer
PASSED = EXIT_STATUS[Outcome.PASSED]
WRONG = EXIT_STATUS[Outcome.WRONG]
NOT_STARTED = EXIT_STATUS[Outcome.NOT_STARTED]
SECONDS_TO_CHECK = 3600  # with --active on Azure; without, seconds

console = Console(highlight=False, soft_wrap=True)


def examine_phase(phase: Phase, choices: Choices, in_full: bool = False) -> bool:
    """Look at what a phase needs and print what must be fixed; True if nothing must.

    Args:
        phase: whose needs.
        choices: the learner's.
        in_full: print what is fine, too.
    """
    observations = examine(phase, choices)
    for seen in observations:
        if seen.fix:
            console.print(f"[red]✘[/red] {seen.what}: {escape(seen.found)}")
            console.print(f"  {escape(seen.fix)}")
        elif in_full:
            console.print(f"[green]✔[/green] {seen.what}: {escape(seen.found)}")
    return not any(seen.fix for seen in observations)


def run_and_show(lesson: Lesson, choices: Choices, answers: bool) -> None:
    """Run a lesson, and print what each section took.

    Args:
        lesson: which.
        choices: the learner's.
        answers: let the lesson answer its questions, where the learner has not.

    Raises:
        WorkbookError: a cell failed.
    """
    from workbook.lessons.notebook import LessonFailed, run_lesson

    console.print(f"\n[bold]{escape(title_of(lesson.lesson.read_text(encoding='utf-8')))}[/bold]")
    if isinstance(lesson, Phase) and choices.target == "azure":
        from workbook.course.cost import in_a_sentence, load_prices

        console.print(in_a_sentence(load_prices(lesson.root).at(choices.region), lesson.number))
    began = time.monotonic()
    Background(lesson.state).end_all()  # what an earlier run has left
    environment = {
        **os.environ,
        **lesson_environment(lesson.root, choices),
        LOCK_IS_HELD: "1",
    }
    environment.pop(GIVES_ANSWERS, None)
    if answers:
        environment[GIVES_ANSWERS] = "1"
    of_before = answers_of_before(lesson) if isinstance(lesson, Phase) else {}
    with console.status("starting Python") as progress:
        try:
            run_lesson(
                lesson,
                environment,
                begin=lambda name: progress.update(escape(name)),
                done=lambda name, seconds: print_done(console, name, seconds),
            )
        except LessonFailed as error:
            raise WorkbookError(str(error), f"./workbook lab {lesson.argument}") from None
    console.print(f"The lesson ran in {time.monotonic() - began:.0f} s.")
    if isinstance(lesson, Phase):
        _say_set_aside(lesson, of_before)


def _say_set_aside(phase: Phase, known: dict[str, str]) -> None:
    """Set aside what was answered on another cluster, and say so."""
    set_aside_answers(phase, cluster_of(phase))
    of_before = answers_of_before(phase)
    if moved := [q for q, answer in of_before.items() if known.get(q) != answer]:
        where = (phase.state / OF_BEFORE).relative_to(phase.root)
        console.print(f"You answered {', '.join(moved)} on another cluster: see {where}.")


def say_what_is_left(phase: Phase) -> None:
    """Print how many of the lesson's questions are open."""
    if left := len(open_questions(phase)):
        are = "question is" if left == 1 else "questions are"
        console.print(f"{left} {are} yours: [bold]./workbook answer {phase.number}[/bold]")


def is_complete(lesson: Lesson, status: int) -> bool:
    """Whether a lesson's system is complete: answers do not count.

    Args:
        lesson: that was checked just now.
        status: the exit status of its checks.
    """
    kept = read_results(lesson) if status in (WRONG, NOT_STARTED) else None
    return status == PASSED or (kept is not None and kept.is_complete)


def check_lesson(lesson: Lesson, *options: str) -> int:
    """Run a lesson's checks; returns pytest's exit status.

    They end a drill that is fixed. Where the system of a phase is complete, `goto` has not left it,
    nor a phase before it, whose promises hold.

    Raises:
        WorkbookError: it has no checks.
    """
    if not lesson.checks.is_dir():
        raise WorkbookError(f"The notebook {lesson.name} has no checks.")
    command = checks_command(lesson.checks, *options)
    environment = checks_environment()
    drill = drill_under_way(lesson.root, lesson.target) if isinstance(lesson, Phase) else None
    left = [*filter(was_left, lesson.up_to)] if isinstance(lesson, Phase) else []
    try:
        done = subprocess.run(command, cwd=lesson.root, env=environment, timeout=SECONDS_TO_CHECK)
    except subprocess.TimeoutExpired:
        raise WorkbookError(
            f"The checks have not ended within {SECONDS_TO_CHECK} s, and were ended.",
            f"./workbook doctor {lesson.argument}",
        ) from None
    status = done.returncode
    if isinstance(lesson, Phase) and drill and drill[1].broken:  # a notebook has no drills
        _end_fixed_drill(lesson, drill[1].begun)
    if left and is_complete(lesson, status):
        return_to(left)
    return status


def _end_fixed_drill(phase: Phase, begun: str) -> None:
    """A drill is over when the check that it turned red has passed again.

    A drill that began while the checks ran may have been broken after its check passed.
    """
    found, checked = drill_under_way(phase.root, phase.target), read_results(phase)
    if found is None or checked is None or found[1].begun != begun:
        return
    drills = Drills(System(found[0], load_choices(phase.root), Background(found[0].state)))
    if over := drills.end_if_passed(checked):
        used = f"in {in_words(over.seconds)}, {with_hints(over.hints)}"
        print(f"The drill {over.name} is over: you fixed it, {used}.")
        if command := drills.next():
            print(f"Next: {command}")


def write_receipt(phase: Phase) -> None:
    """Write a phase's receipt, and print where it is.

    Raises:
        WorkbookError: the phase has not been checked.
    """
    from workbook.checks.receipt import make_receipt

    made = make_receipt(phase)
    where = (phase.state / "receipt.md").relative_to(phase.root)
    print(f"\nReceipt: {made['passed']} of {made['of']} checks passed, in {where}")

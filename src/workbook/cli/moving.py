"""`goto`: from the phase in which the system is to the wanted one, one phase at a time."""

import typer

from workbook.cli.actions import check_lesson, console, examine_phase, run_and_show
from workbook.course.phase import Phase, phases
from workbook.drills.drill import Drills, System
from workbook.errors import WorkbookError
from workbook.learner.answers import keeping_own_answers
from workbook.learner.background import Background
from workbook.learner.choices import Choices
from workbook.lessons.going_back import come_again, go_back, infrastructure_after, was_begun
from workbook.outcome import Finding
from workbook.targets.opening import authority_of

PASSED, WRONG, NOT_STARTED = 0, 1, 10  # exit statuses of checks that give a clear answer


def move_to(wanted: Phase, choices: Choices) -> None:
    """Go back to the wanted phase; if it is not complete, to the one before; then forward again.

    Never back behind an infrastructure that a phase on the way created.

    Raises:
        typer.Exit: a check of a phase on the way does not pass, or this machine lacks something.
        WorkbookError: a drill is under way, the cluster cannot be asked, or a lesson fails.
    """
    _refuse_a_broken_system(wanted, choices)
    ahead: list[Phase] = []
    for phase in reversed(wanted.up_to):
        if ahead and infrastructure_after(phase):
            break  # the lesson of the phase ahead runs on its own infrastructure
        for name in go_back(phase, choices):
            console.print(f"removed {name}, which is of a later phase")
        if _is_complete(phase):
            break
        ahead.append(phase)
    for phase in reversed(ahead):
        _go_forward(phase, choices)


def _refuse_a_broken_system(wanted: Phase, choices: Choices) -> None:
    """Raise where a drill is under way: its `--fix` is for the system that it broke."""
    for phase in phases(wanted.root, wanted.target):
        if not phase.has_state:
            continue
        if name := Drills(System(phase, choices, Background(phase.state))).under_way():
            raise WorkbookError(
                f"The drill {name} of phase {phase.number} is under way.",
                f"./workbook drill {phase.number} --fix",
            )


def _is_complete(phase: Phase) -> bool:
    """Whether the system is in the state of a phase; one that was not begun is not asked.

    Raises:
        typer.Exit: that cannot be known, so nothing may be removed.
    """
    if not was_begun(phase):
        return False
    status = check_lesson(phase)
    if status not in (PASSED, WRONG, NOT_STARTED):
        raise typer.Exit(status)
    return status == PASSED


def _go_forward(phase: Phase, choices: Choices) -> None:
    """Deploy the objects of a phase that was complete before; otherwise run its lesson."""
    if _came_again(phase, choices) and check_lesson(phase) == 0:
        return
    if not examine_phase(phase, choices):
        raise typer.Exit(2)
    with keeping_own_answers(phase, lambda: _cluster_of(phase), console.print):
        run_and_show(phase, choices)
    if status := check_lesson(phase):
        raise typer.Exit(status)


def _cluster_of(phase: Phase) -> str:
    return authority_of(phase.root, phase.target) if phase.has("cluster") else ""


def _came_again(phase: Phase, choices: Choices) -> bool:
    try:
        return come_again(phase, choices)
    except (WorkbookError, Finding) as error:
        console.print(f"{str(error).rstrip('.')}. So the lesson is run again.", markup=False)
        return False

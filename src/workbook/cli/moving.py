"""`goto`: from the phase in which the system is to the wanted one, one phase at a time."""

import typer

from workbook.cli.actions import (
    NOT_STARTED,
    PASSED,
    WRONG,
    check_lesson,
    console,
    examine_phase,
    is_complete,
    run_and_show,
)
from workbook.course.phase import Phase
from workbook.drills.of_phase import refuse_under_way
from workbook.errors import WorkbookError
from workbook.learner.choices import Choices
from workbook.lessons.going_back import come_again, go_back, infrastructure_after, was_begun
from workbook.outcome import Finding


def move_to(wanted: Phase, choices: Choices, answers: bool) -> int:
    """Go back to the wanted phase; if it is not complete, to the one before; then forward again.

    Never back behind an infrastructure that a phase on the way created. A phase is complete here
    when its system is: what the learner answers does not count.

    Args:
        wanted: the phase.
        choices: the learner's.
        answers: let the lessons answer their questions, where the learner has not.

    Returns:
        The exit status of the checks of the wanted phase.

    Raises:
        typer.Exit: a check of a phase on the way does not pass, or this machine lacks something.
        WorkbookError: a drill is under way, the cluster cannot be asked, or a lesson fails.
    """
    refuse_under_way(wanted.root, wanted.target)
    ahead: list[Phase] = []
    for phase in reversed(wanted.up_to):
        if ahead and infrastructure_after(phase, choices):
            break  # the lesson of the phase ahead runs on its own infrastructure
        for name in go_back(phase, choices):
            console.print(f"removed {name}, which is of a later phase")
        status = _status_if_complete(phase)
        if status is not None:
            break
        ahead.append(phase)
    for phase in reversed(ahead):
        status = _go_forward(phase, choices, answers)
    assert status is not None, "a phase that is not complete is ahead"
    return status


def _status_if_complete(phase: Phase) -> int | None:
    """The exit status of a phase's checks if its system is complete; None if it is not.

    A phase that was not begun is not asked.

    Raises:
        typer.Exit: that cannot be known, so nothing may be removed.
    """
    if not was_begun(phase):
        return None
    status = check_lesson(phase)
    if status not in (PASSED, WRONG, NOT_STARTED):
        raise typer.Exit(status)
    return status if is_complete(phase, status) else None


def _go_forward(phase: Phase, choices: Choices, answers: bool) -> int:
    """Deploy the objects of a phase that was complete before; otherwise run its lesson.

    Returns:
        The exit status of its checks.
    """
    if _came_again(phase, choices):
        status = check_lesson(phase)
        if is_complete(phase, status):
            return status
    if not examine_phase(phase, choices):
        raise typer.Exit(2)
    run_and_show(phase, choices, answers)
    status = check_lesson(phase)
    if not is_complete(phase, status):
        raise typer.Exit(status)
    return status


def _came_again(phase: Phase, choices: Choices) -> bool:
    try:
        return come_again(phase, choices)
    except (WorkbookError, Finding) as error:
        console.print(f"{str(error).rstrip('.')}. So the lesson is run again.", markup=False)
        return False

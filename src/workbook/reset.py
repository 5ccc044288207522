"""Make a phase as new: what it made is removed, what is in git stays."""

import shutil
from contextlib import suppress

from workbook.background import Background
from workbook.choices import Choices
from workbook.drill import Drills, System
from workbook.errors import WorkbookError
from workbook.phase import Phase


def what_goes(phase: Phase) -> list[str]:
    """What a reset ends and removes, in words."""
    lines = [f"ends {p.title} (process {p.pid})" for p in Background(phase.state).running()]
    model = phase.directory / "model"
    if model.exists():
        lines.append(f"removes {model.relative_to(phase.root)}/ (the trained model)")
    if any(phase.state.iterdir()):
        lines.append(
            f"removes {phase.state.relative_to(phase.root)}/ (answers, outcomes, receipts, logs)"
        )
    return lines


def reset_phase(phase: Phase, choices: Choices) -> None:
    """End the phase's programs and remove what it made."""
    drills = Drills(System(phase, choices, Background(phase.state)))
    if drills.under_way():
        # It may have changed a file that is in git. That is put back first; that a program which
        # it would start again is not running any more does not matter here.
        with suppress(WorkbookError):
            drills.fix()
    Background(phase.state).end_all()
    shutil.rmtree(phase.directory / "model", ignore_errors=True)
    shutil.rmtree(phase.state)

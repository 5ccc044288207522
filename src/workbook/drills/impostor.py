"""Impostors: wrong systems that no check may let through.

The impostors of a phase are in checks/phaseN/impostors.py, in a dictionary `IMPOSTORS` by name. A
learner never meets one; the live tests make each, and look whether its check turns red.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workbook.course.phase import Phase
from workbook.drills.drill import System, load_file


@dataclass(frozen=True)
class Impostor:
    """A wrong system that must not pass."""

    title: str
    turns_red: Callable[..., Any]  # the check
    make: Callable[[System], None]
    undo: Callable[[System], None]
    also: tuple[Callable[..., Any], ...] = ()  # checks that may turn red with it


def impostors_of(phase: Phase) -> dict[str, Impostor]:
    """The impostors that the checks of a phase must see, by their names."""
    file = phase.checks / "impostors.py"
    if not file.is_file():
        return {}
    found: dict[str, Impostor] = load_file(file, phase.root).IMPOSTORS
    return found

"""Promises: the checklist lines of earlier phases that hold still.

A phase names in its phase.toml which lines of earlier phases its own lines take the place of.
Like check.py, this needs the standard library only.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from workbook.course.phase import Phase, phases
from workbook.errors import WorkbookError

Line = TypeVar("Line", bound=Hashable)


def replaced_by(current: Phase) -> dict[str, str]:
    """The lines that hold no longer in a phase, each with the line that took its place.

    Raises:
        WorkbookError: a line takes the place of itself, in one step or more.
    """
    replaced = {
        old: new
        for phase in phases(current.root, current.target)
        if phase.number <= current.number
        for old, new in phase.manifest.replaces.items()
    }
    for first in replaced:
        line, seen = first, {first}
        while line in replaced:
            line = replaced[line]
            if line in seen:
                raise WorkbookError(
                    f"The line {line!r} takes its own place.",
                    "correct [replaces] in the phase.toml that names it",
                )
            seen.add(line)
    return replaced


def standing(line: str, replaced: Mapping[str, str]) -> str:
    """The line that is asked today where a check names a line of its own time."""
    while line in replaced:
        line = replaced[line]
    return line


def in_order(lines: Sequence[Line], needs: Mapping[Line, Sequence[Line]]) -> list[Line]:
    """Lines in their order, but each after those that it needs."""
    ordered: dict[Line, None] = {}
    begun: set[Line] = set()

    def visit(line: Line) -> None:
        if line in begun:
            return
        begun.add(line)
        for needed in needs.get(line, ()):
            visit(needed)
        ordered[line] = None

    for line in lines:
        visit(line)
    return [line for line in ordered if line in {*lines}]

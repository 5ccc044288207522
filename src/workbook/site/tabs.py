"""Tabs: where a lesson has a cell for one target and then one for the other, the site shows one."""

import re
from itertools import takewhile
from typing import Any

from nbformat.v4 import new_markdown_cell

from workbook.lessons.cells import target_of

TITLES = {"local": "On your machine", "azure": "On Azure"}
OPENINGS = {
    "local": ("On your machine",),
    "azure": ("On Azure", "For Azure", "If Azure refuses"),
}
HEADING = re.compile(r"^#", re.MULTILINE)


def in_tabs(cells: list[Any]) -> list[Any]:
    """The cells of a lesson. Those that belong into a tab have a `tab` in their metadata.

    It is the title of the tab that begins with the cell, or empty where the tab goes on;
    `is_first_tab` separates the tabs of one pair from those of the next. What is said of a target
    stands in its tab: a paragraph that begins with "On Azure", and what follows.
    """
    made: list[Any] = []
    rest = [*cells]
    while rest:
        first = rest.pop(0)
        pair = _pair(first, rest)
        if pair is None:
            made.append(first)
            continue
        (after_first, before_second), second = pair
        target, other = _target(first), _target(second)
        if made and (parts := _split(made[-1], target)):
            made[-1:] = _prose(parts[0])
            made += _tab(target, [*_prose(parts[1]), first, *_prose(after_first)])
        else:
            made += _tab(target, [first, *_prose(after_first)])
        del rest[: rest.index(second) + 1]
        after_second, further = _said_at_once(rest[0], other) if rest else ("", "")
        if after_second:
            rest[:1] = _prose(further)
        second_tab = [*_prose(before_second), second, *_prose(after_second)]
        made += _tab(other, second_tab, is_first=False)
    return made


def _pair(first: Any, rest: list[Any]) -> tuple[tuple[str, str], Any] | None:
    """The next cell, if it is for the other target, and what is said between: of each target."""
    between = rest[0] if rest and rest[0].cell_type == "markdown" else None
    following = rest[1:2] if between else rest[:1]
    if {_target(cell) for cell in (first, *following)} != {*TITLES}:
        return None
    said = _split(between, _target(following[0])) if between else ("", "")
    return (said, following[0]) if said and not HEADING.search(said[0]) else None


def _target(cell: Any) -> str:
    return target_of(cell.source) if cell.cell_type == "code" else ""


def _split(cell: Any, target: str) -> tuple[str, str] | None:
    """What prose says before the part that is about a target, and that part, if there is one."""
    if cell.cell_type != "markdown":
        return None
    paragraphs = cell.source.split("\n\n")
    about = [number for number, text in enumerate(paragraphs) if text.startswith(OPENINGS[target])]
    if not about:
        return None
    before, after = ("\n\n".join(p) for p in (paragraphs[: about[-1]], paragraphs[about[-1] :]))
    return None if HEADING.search(after) else (before, after)


def _said_at_once(cell: Any, target: str) -> tuple[str, str]:
    """What prose says of a target in its first paragraphs, and what follows."""
    if cell.cell_type != "markdown":
        return "", ""
    paragraphs = cell.source.split("\n\n")
    about = [*takewhile(lambda text: text.startswith(OPENINGS[target]), paragraphs)]
    return "\n\n".join(about), "\n\n".join(paragraphs[len(about) :])


def _prose(text: str) -> list[Any]:
    return [new_markdown_cell(text)] if text else []


def _tab(target: str, cells: list[Any], is_first: bool = True) -> list[Any]:
    for cell in cells:
        cell.metadata["tab"] = ""
    cells[0].metadata.update(tab=TITLES[target], is_first_tab=is_first)
    return cells

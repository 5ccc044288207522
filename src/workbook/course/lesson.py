"""A lesson is a phase's README.md: what the workbook reads from its text."""

import re
from dataclasses import dataclass

CHECKLIST_HEADING = "Phase complete when"


@dataclass(frozen=True)
class Section:
    """A part of a lesson, under a heading of the second level."""

    heading: str
    minutes: int  # that its author says it takes; 0 where the lesson does not say


def sections(lesson: str) -> list[Section]:
    """The sections of a lesson. The line under the heading may say the minutes: *5 minutes.*"""
    found = re.findall(r"^## (.+)\n\n(\*.+\*$)?", _without_code(lesson), re.MULTILINE)
    return [Section(heading, _minutes(mark)) for heading, mark in found]


def _minutes(mark: str) -> int:
    minutes = re.search(r"\b(\d+) minutes", mark)
    return int(minutes[1]) if minutes else 0


def title_of(lesson: str) -> str:
    """The lesson's first heading."""
    heading = re.search(r"^# (.+)$", lesson, re.MULTILINE)
    return heading[1] if heading else ""


def checklist(lesson: str) -> list[str]:
    """The lines under "Phase complete when"."""
    section = re.search(
        rf"^## {CHECKLIST_HEADING}\n(.*?)(?=^## |\Z)", lesson, re.MULTILINE | re.DOTALL
    )
    return re.findall(r"^- \[ \] (.+)$", section[1], re.MULTILINE) if section else []


def questions(lesson: str) -> list[str]:
    """The names of the questions that the lesson asks: paragraphs that begin with **`name`**."""
    return [*question_texts(lesson)]


def question_texts(lesson: str) -> dict[str, str]:
    """The text of each question, by name: the rest of the paragraph."""
    found = re.findall(r"^\*\*`([\w-]+)`\*\*:? *((?:.+\n?)+)", lesson, re.MULTILINE)
    return {name: text.strip() for name, text in found}


def anchors(markdown: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page (github-slugger's rule)."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} (.+)$", _without_code(markdown), re.MULTILINE):
        slug = anchor_of(heading)
        number = 0
        while (candidate := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(candidate)
    return found


def anchor_of(heading: str) -> str:
    """The anchor of a heading, if it is the first of that text on its page."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _without_code(markdown: str) -> str:
    return re.sub(r"^(```+).*?^\1$", "", markdown, flags=re.MULTILINE | re.DOTALL)

"""How a lesson reads: `python -m workbook.dev.reading 1` prints words, terms and long sentences.

A new term is what a lesson prints in bold where it explains it; docs/glossary.md has them all.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from workbook.course.phase import find_lesson, root

NOT_TERMS = {"How to read a cell", "Predict first", "You build", "You learn", "You need"}
FENCED = re.compile(r"^```.*?^```$|^<!--.*?-->$", re.MULTILINE | re.DOTALL)
ASIDE = re.compile(r"^(?:\|.*\||!\[.*|</?(?:details|summary).*)$", re.MULTILINE)  # no running text
LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
SENTENCE = re.compile(r"(?<=[.!?:;])\s+|\n\s*(?:[-*]|\d+\.)\s+|\n\n+")
TERM = re.compile(r"\*\*([A-Za-z][\w -]+?)[.:]?\*\*")


@dataclass(frozen=True)
class Section:
    """A part of a lesson under a second-level heading."""

    name: str
    text: str  # without code, tables and pictures

    @property
    def words(self) -> int:
        return len(self.text.split())

    @property
    def terms(self) -> list[str]:
        """The terms that it explains, in order."""
        return [term for term in TERM.findall(self.text) if term not in NOT_TERMS]

    @property
    def longest(self) -> str:
        """Its longest sentence, by words."""
        return max(SENTENCE.split(self.text), key=lambda sentence: len(sentence.split()))


def sections(lesson: str) -> list[Section]:
    """The sections of a lesson's Markdown."""
    _, *parts = re.split(r"^## ", lesson, flags=re.MULTILINE)
    return [Section(name, _prose(text)) for name, _, text in (p.partition("\n") for p in parts)]


def _prose(text: str) -> str:
    return LINK.sub(r"\1", ASIDE.sub("", FENCED.sub("", text))).strip()


def glossary(home: Path) -> set[str]:
    """The terms of the glossary, in lower case."""
    text = (home / "docs" / "glossary.md").read_text(encoding="utf-8")
    return {term.lower() for term in re.findall(r"^### (.+)$", text, re.MULTILINE)}


def is_known(term: str, known: set[str]) -> bool:
    """Whether the glossary has a term, in the singular or in the plural."""
    return bool({term.lower(), term.lower().removesuffix("s")} & known)


def main() -> None:
    home = root()
    lesson = find_lesson(sys.argv[1], home, "local")
    parts = sections(lesson.lesson.read_text(encoding="utf-8"))
    known = glossary(home)
    table = Table("section", "words", "new terms", "longest sentence, words")
    for part in parts:
        terms = [term if is_known(term, known) else f"{term} (?)" for term in part.terms]
        longest = len(part.longest.split())
        table.add_row(part.name, f"{part.words}", f"{len(terms)}: {', '.join(terms)}", f"{longest}")
    Console().print(table)
    sentence = max((part.longest for part in parts), key=lambda each: len(each.split()))
    print(f"{sum(part.words for part in parts)} words. (?) is not in the glossary.")
    print(f"The longest sentence: {' '.join(sentence.split())}")


if __name__ == "__main__":
    main()

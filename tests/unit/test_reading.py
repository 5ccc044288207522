"""Terms: a lesson explains few at a time, and the glossary has each."""

import re
from itertools import pairwise

import pytest
from copies import ROOT

from workbook.dev.reading import Section, glossary, is_known, sections

REVISED = ("phases/phase1/README.md",)  # lessons that are written by the present rules
PARTS = [
    pytest.param(section, id=f"{page}: {section.name}")
    for page in REVISED
    for section in sections((ROOT / page).read_text("utf-8"))
]
LESSON = """# Title

## First

A **cat** is an animal; **dogs** are, too. See [a page](https://example.org/a/b).

```bash
not a word
```

## Second

Short. This sentence has six words.
"""


@pytest.mark.parametrize("section", PARTS)
def test_section_explains_at_most_five_terms_and_the_glossary_has_them(section: Section) -> None:
    terms = section.terms
    assert len(terms) <= 5
    assert [term for term in terms if not is_known(term, glossary(ROOT))] == []


@pytest.mark.parametrize("section", PARTS)
def test_section_has_no_sentence_of_more_than_thirty_words(section: Section) -> None:
    assert len(section.longest.split()) <= 30, section.longest


def test_glossary_is_in_order_and_names_each_term_once() -> None:
    terms = re.findall(r"^### (.+)$", (ROOT / "docs/glossary.md").read_text("utf-8"), re.MULTILINE)
    assert len(terms) > 50
    assert all(a.lower() < b.lower() for a, b in pairwise(terms))


def test_sections_are_read_without_code_and_addresses() -> None:
    first, second = sections(LESSON)
    assert first.terms == ["cat", "dogs"]
    assert "not a word" not in first.text
    assert "example.org" not in first.text
    assert second.longest == "This sentence has six words."
    assert second.words == 6


def test_term_that_the_glossary_lacks_is_found() -> None:
    assert is_known("Dogs", {"dog"})
    assert not is_known("cat", {"dog"})

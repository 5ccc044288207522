"""docs/azure-refusals.md: each entry is recognised, and each link leads to an entry."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from copies import ROOT

from workbook.course.lesson import anchors
from workbook.targets.azure.refusals import PAGE, REFUSALS, known, where_to_read

TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
ENTRY = re.compile(r"^### (.+?)$(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
PRINTED = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?:azure-refusals\.md|\{PAGE\})#([\w-]+)")  # in a text, or in code
LESSONS = [*ROOT.glob("phases/*/README.md"), *ROOT.glob("notebooks/*/README.md")]
CODE = [file for folder in ("src", "checks", "drills") for file in ROOT.glob(f"{folder}/**/*.py")]
CHANGES = re.compile(  # what Azure may refuse; asking and waiting are not
    r"^\s*(?:export \w+=\"\$\()?(?:az [\w -]*? (create|update|build|import|start|stop|put) "
    r"|.*terraform apply)",
    re.MULTILINE,
)


def anchor_of(heading: str) -> str:
    return min(anchors(f"### {heading}"))


ENTRIES = {anchor_of(heading): body for heading, body in ENTRY.findall(TEXT)}


def test_page_and_table_have_the_same_entries() -> None:
    assert {refusal.anchor for refusal in REFUSALS} == ENTRIES.keys()
    assert len(ENTRIES) >= 17


@pytest.mark.parametrize("anchor", ENTRIES)
def test_each_printed_error_is_recognised_as_its_entry(anchor: str) -> None:
    printed = PRINTED.findall(ENTRIES[anchor])
    assert printed
    for said in printed:
        refusal = known(said)
        assert refusal is not None
        assert refusal.anchor == anchor
        assert where_to_read(said) == f" Read {PAGE}#{anchor}."


@pytest.mark.parametrize("anchor", ENTRIES)
def test_each_entry_says_why_how_to_fix_it_and_where_its_text_is_from(anchor: str) -> None:
    for part in ("**Why.** ", "**Fix.** ", "*Text:* "):
        assert part in ENTRIES[anchor]


def test_other_errors_are_not_taken_for_a_known_refusal() -> None:
    assert known("ERROR: Max retries exceeded with url: /subscriptions") is None
    assert where_to_read("Error: Unsupported argument") == ""


@pytest.mark.parametrize(
    "file", [*LESSONS, *CODE, *ROOT.glob("docs/*.md")], ids=lambda f: str(f.relative_to(ROOT))
)
def test_each_link_leads_to_an_entry(file: Path) -> None:
    assert {*LINK.findall(file.read_text(encoding="utf-8"))} <= ENTRIES.keys()


def test_each_entry_is_linked_from_a_lesson() -> None:
    linked = {link for file in LESSONS for link in LINK.findall(file.read_text(encoding="utf-8"))}
    assert ENTRIES.keys() - linked == set()


@pytest.mark.parametrize("file", LESSONS, ids=lambda file: file.parent.name)
def test_each_section_that_changes_azure_links_what_azure_may_refuse(file: Path) -> None:
    sections = re.split(r"^(?=## )", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    silent = [
        section.splitlines()[0]
        for section in sections
        if any(
            map(CHANGES.search, re.findall(r"^# target: azure\n(.*?)^```$", section, re.M | re.S))
        )
        and "If Azure refuses: " not in section
    ]
    assert silent == []


@pytest.mark.parametrize("file", LESSONS, ids=lambda file: file.parent.name)
def test_docker_can_take_the_place_of_each_build(file: Path) -> None:
    """The page sends a learner whose builds are refused to the next cell."""
    cells = re.findall(r"^```bash\n(.*?)^```$", file.read_text(encoding="utf-8"), re.M | re.S)
    for cell, following in pairwise(cells):
        if "az acr build" in cell:
            assert "export IMAGE" not in cell
            assert following.splitlines()[2].startswith("export IMAGE=")

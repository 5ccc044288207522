"""Cells for one target: tabs on the site, folded in the notebook of who has chosen the other."""

import json
from pathlib import Path
from typing import Any

import pytest
from copies import ROOT
from markdown import markdown
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from workbook.course.phase import Phase, find_phase
from workbook.lessons.cells import folded
from workbook.lessons.own_copy import make_copy, own_copy
from workbook.site import mkdocs_hook
from workbook.site.tabs import in_tabs

LOCAL, AZURE = "%%bash\n# target: local\necho here", "%%bash\n# target: azure\necho there"
BOTH = "%%bash\necho everywhere"
SOLUTION = "%%bash\n# solution\necho 42"


def cells_of(*sources: str) -> list[NotebookNode]:
    return [new_code_cell(s) if s.startswith("%%") else new_markdown_cell(s) for s in sources]


def shown(cells: list[Any]) -> list[tuple[str | None, str]]:
    return [(cell.metadata.get("tab"), cell.source) for cell in cells]


def test_cells_for_each_target_become_tabs_with_what_is_said_of_each() -> None:
    cells = cells_of(
        "## A cluster\n\nWhat it is.\n\nOn your machine, kind.\n\nIt is quick.",
        LOCAL,
        "So it was.\n\nOn Azure, AKS.\n\nIt costs.",
        AZURE,
        "If Azure refuses, read on.\n\nBoth are clusters.",
    )
    assert shown(in_tabs(cells)) == [
        (None, "## A cluster\n\nWhat it is."),
        ("On your machine", "On your machine, kind.\n\nIt is quick."),
        ("", LOCAL),
        ("", "So it was."),
        ("On Azure", "On Azure, AKS.\n\nIt costs."),
        ("", AZURE),
        ("", "If Azure refuses, read on."),
        (None, "Both are clusters."),
    ]


@pytest.mark.parametrize(
    "sources",
    [
        (LOCAL, BOTH, AZURE),
        (LOCAL, "This is for everybody.", AZURE),
        (LOCAL, "## Another section\n\nOn Azure, too.", AZURE),
        (LOCAL, "On Azure, too.\n\n## Another section", AZURE),
        (LOCAL, LOCAL),
        (AZURE,),
    ],
    ids=[
        "a cell between them",
        "prose for both",
        "a section begins",
        "a section ends",
        "the same target",
        "one alone",
    ],
)
def test_what_is_no_pair_stays_as_it_is(sources: tuple[str, ...]) -> None:
    assert shown(in_tabs(cells_of(*sources))) == [(None, source) for source in sources]


def test_pairs_that_follow_each_other_are_tabs_of_their_own() -> None:
    titles = [tab for tab, _ in shown(in_tabs(cells_of(LOCAL, AZURE, LOCAL, AZURE)))]
    assert titles == ["On your machine", "On Azure"] * 2


def test_recorded_output_stays_in_the_tab_of_its_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = cells_of("# Title", LOCAL, "On Azure, AKS.", AZURE, LOCAL, AZURE, "The end.")
    cells[1].outputs = [new_output("stream", text="made here\nand\n\nnow\n")]
    notebook = new_notebook(cells=cells)
    monkeypatch.setattr(mkdocs_hook, "_recorded", lambda lesson: (notebook, ""))
    page = mkdocs_hook._lesson(find_phase(1, ROOT, "local"))["phase1.md"]
    assert isinstance(page, str)
    html = markdown(
        page,
        extensions=["pymdownx.superfences", "pymdownx.tabbed"],
        extension_configs={"pymdownx.tabbed": {"alternate_style": True}},
    )
    assert html.count('class="tabbed-set') == 2
    assert html.count("<label") == 4
    first, second = html.split('class="tabbed-block"')[1:3]
    assert "# target: local" in first
    assert "made here\nand\n\nnow" in first
    assert "On Azure, AKS." in second
    assert "# target: azure" in second
    assert html.rstrip().endswith("</div>\n<p>The end.</p>")


@pytest.mark.parametrize(
    ("sources", "target", "hidden"),
    [
        ((LOCAL, AZURE, BOTH, SOLUTION), "local", (AZURE, SOLUTION)),
        ((LOCAL, AZURE, BOTH, SOLUTION), "azure", (LOCAL, SOLUTION)),
        ((AZURE, BOTH), "local", ()),
    ],
    ids=["on local", "on azure", "a notebook that is about Azure"],
)
def test_learner_sees_the_cells_of_their_target(
    tmp_path: Path, sources: tuple[str, ...], target: str, hidden: tuple[str, ...]
) -> None:
    assert {s for s, hides in zip(sources, folded(sources, target), strict=True) if hides} == {
        *hidden
    }
    phase = Phase(1, tmp_path, target)
    phase.directory.mkdir(parents=True)
    phase.notebook.write_text(json.dumps(new_notebook(cells=cells_of("# Title", *sources))))
    make_copy(phase)
    copied = json.loads(own_copy(phase).read_text())["cells"]
    folds = {"".join(cell["source"]) for cell in copied if "jupyter" in cell["metadata"]}
    assert folds == {*hidden}

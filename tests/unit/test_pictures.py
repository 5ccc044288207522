"""Pictures: each SVG is what its text says, and each is described to those who do not see it."""

import re
import shutil
from pathlib import Path

import pytest
from copies import ROOT

from workbook.dev.pictures import drawn_from, is_current, sources

IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+\.svg)\)")
TEXTS = sources(ROOT)
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/*/README.md")]
SHOWN = [(page, *found) for page in PAGES for found in IMAGE.findall(page.read_text("utf-8"))]


@pytest.mark.parametrize("source", TEXTS, ids=lambda source: source.stem)
def test_picture_is_drawn_from_its_present_text(source: Path) -> None:
    assert is_current(source), "Run: .venv/bin/python -m workbook.dev.pictures"


def test_every_svg_has_a_text() -> None:
    drawn = {svg for source in TEXTS for svg in drawn_from(source)}
    assert drawn == set((ROOT / "docs" / "pictures").glob("*.svg"))


@pytest.mark.parametrize("changed", ["overlay.d2", "overlay.svg"])
def test_changed_text_or_picture_is_found(tmp_path: Path, changed: str) -> None:
    for name in ("overlay.d2", "overlay.svg"):
        shutil.copy2(ROOT / "docs" / "pictures" / name, tmp_path)
    assert is_current(tmp_path / "overlay.d2")
    file = tmp_path / changed
    file.write_text(file.read_text("utf-8").replace("k8s/base", "k8s/basis"), "utf-8")
    assert not is_current(tmp_path / "overlay.d2")


@pytest.mark.parametrize("source", TEXTS, ids=lambda source: source.stem)
def test_picture_has_a_title_and_follows_dark_colours(source: Path) -> None:
    for svg in drawn_from(source):
        content = svg.read_text("utf-8")
        assert re.search(r"<title>[A-Z][^<]+</title>", content)
        assert "prefers-color-scheme:dark" in content
        assert not re.search(r"""(href|src)=["']https?:""", content)  # shown without a request


@pytest.mark.parametrize(("page", "alternative", "picture"), SHOWN)
def test_page_says_in_words_what_its_picture_shows(
    page: Path, alternative: str, picture: str
) -> None:
    assert (page.parent / picture).is_file()
    assert len(alternative.split()) >= 5

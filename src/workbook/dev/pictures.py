"""The pictures of the lessons. `python -m workbook.dev.pictures` draws those whose text changed.

A picture is text (D2, https://d2lang.com) in docs/pictures, with the SVG that was drawn from the
text beside it, so that GitHub, JupyterLab and the site show the same. An SVG follows the reader's
light or dark colours. A text with steps gives one SVG for each step: `system-phase1.svg`.
"""

import hashlib
import re
import tempfile
from html import escape
from pathlib import Path

from workbook.course.phase import root
from workbook.errors import WorkbookError
from workbook.programs import run
from workbook.targets.local.tools import tool

OPTIONS = ("--layout=elk", "--theme=0", "--dark-theme=200", "--pad=20")
SECONDS_TO_DRAW = 120
STAMP = re.compile(r"<!-- text ([0-9a-f]{64}), picture ([0-9a-f]{64}) -->\n\Z")


def sources(home: Path) -> list[Path]:
    """The texts of all pictures, in order."""
    return sorted((home / "docs" / "pictures").glob("*.d2"))


def is_current(source: Path) -> bool:
    """Whether a picture's SVGs are there, and are what was drawn from its present text."""
    drawn = drawn_from(source)
    return bool(drawn) and all(_is_stamped(svg, source) for svg in drawn)


def drawn_from(source: Path) -> list[Path]:
    """The SVGs of a picture: NAME.svg, or NAME-STEP.svg for each of its steps."""
    alone = source.with_suffix(".svg")
    return [alone] if alone.exists() else sorted(source.parent.glob(f"{source.stem}-*.svg"))


def draw(source: Path) -> list[Path]:
    """Draw a picture; returns its SVGs.

    Raises:
        WorkbookError: its text is not D2.
    """
    with tempfile.TemporaryDirectory() as name:
        made = Path(name) / f"{source.stem}.svg"
        words = [str(tool("d2")), *OPTIONS, str(source), str(made)]
        done = run(words, SECONDS_TO_DRAW)
        if done.returncode != 0:
            raise WorkbookError(f"{source.name} cannot be drawn: {done.stderr.strip()}")
        boards = sorted(Path(name).glob("*/*.svg")) or [made]
        for old in drawn_from(source):
            old.unlink()
        return [_write(board, source) for board in boards if board.stem != "index"]


def _write(board: Path, source: Path) -> Path:
    """Put a board beside its text, with a title for those who do not see it, and a stamp."""
    step = "" if board.stem == source.stem else f"-{board.stem}"
    title = escape(_title(source) + re.sub(r"^-(\D+)(\d*)$", r" \1 \2", step).rstrip())
    svg = board.read_text(encoding="utf-8")
    svg = re.sub(r"<svg [^>]*>", rf"\g<0><title>{title}</title>", svg, count=1) + "\n"
    picture = source.with_name(f"{source.stem}{step}.svg")
    picture.write_text(f"{svg}{_stamp(source, svg)}", encoding="utf-8")
    return picture


def _title(source: Path) -> str:
    """The first line of a text, a comment, says what its picture shows."""
    return source.read_text(encoding="utf-8").splitlines()[0].lstrip("# ").rstrip(".")


def _stamp(source: Path, svg: str) -> str:
    text, picture = (hashlib.sha256(c).hexdigest() for c in (source.read_bytes(), svg.encode()))
    return f"<!-- text {text}, picture {picture} -->\n"


def _is_stamped(picture: Path, source: Path) -> bool:
    content = picture.read_text(encoding="utf-8")
    stamp = STAMP.search(content)
    return stamp is not None and stamp[0] == _stamp(source, content[: stamp.start()])


def main() -> None:
    for source in sources(root()):
        if not is_current(source):
            for picture in draw(source):
                print(f"drew {picture.relative_to(root())}")


if __name__ == "__main__":
    main()

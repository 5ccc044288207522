"""Excerpts: lines of a real file that a lesson shows, cut by path and anchor.

    <!-- from k8s/base/deployment.yaml: strategy -->
    ```yaml
    (these lines are filled in)
    ```

An anchor is the beginning of a line; of several, the one that is indented least counts. The excerpt
is that line and what is indented under it, with a closing bracket if there is one.
`template > metadata` is the line `metadata` under `template`, and shows both. An anchor that ends
with `...` takes what follows up to the next blank line. Several anchors, joined by ` + `, are shown
one after the other, under the lines that they share.
"""

import re
import textwrap
from itertools import takewhile
from pathlib import Path

from workbook.errors import WorkbookError

EXCERPT = re.compile(
    r"^<!-- from (\S+): ([^\n]+) -->\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
MOST_LINES = 20
CLOSING = ("}", ")", "]")


def fill(lesson: str, folder: Path) -> str:
    """The lesson with every excerpt as the files have it now.

    Args:
        lesson: the Markdown of a lesson.
        folder: that the paths begin at.

    Raises:
        WorkbookError: a file or an anchor is not there, or an excerpt is too long to read.
    """

    def cut(found: re.Match[str]) -> str:
        path, anchors, language = found[1], found[2], found[3]
        lines = excerpt(folder / path, anchors.split(" + "))
        return f"<!-- from {path}: {anchors} -->\n```{language}\n{lines}```"

    return EXCERPT.sub(cut, lesson)


def excerpt(file: Path, anchors: list[str]) -> str:
    """The lines of a file that belong to some anchors, without the indentation they share."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise WorkbookError(f"A lesson shows {file}, which does not exist.") from None
    text = ""
    shared: list[str] = []
    group: list[str] = []
    for anchor in anchors:
        above, block = _block(lines, anchor, file)
        same = (one == other for one, other in zip(shared, above, strict=False))
        common = sum(takewhile(bool, same))
        if not common:
            text, group = text + _dedented(group), []
        group, shared = group + above[common:] + block, above
    text += _dedented(group)
    if len(text.splitlines()) > MOST_LINES:
        raise WorkbookError(
            f"The excerpt {' + '.join(anchors)!r} of {file} has {len(text.splitlines())} lines; "
            f"{MOST_LINES} is the most that a lesson shows at once. Choose a narrower anchor."
        )
    return text


def _block(lines: list[str], anchor: str, file: Path) -> tuple[list[str], list[str]]:
    """The lines that an anchor is under, and its own."""
    *parents, last = anchor.split(" > ")
    above = []
    for parent in parents:
        lines = _lines_of(lines, parent, file)
        above.append(lines[0])
        lines = lines[1:]
    return above, _lines_of(lines, last, file)


def _dedented(lines: list[str]) -> str:
    return textwrap.dedent("\n".join(lines)).rstrip() + "\n" if lines else ""


def _lines_of(lines: list[str], anchor: str, file: Path) -> list[str]:
    to_blank_line = anchor.endswith("...")
    anchor = anchor.removesuffix("...")
    found = [n for n, line in enumerate(lines) if line.strip().startswith(anchor)]
    outermost = min((_indentation(lines[n]) for n in found), default=0)
    begins = [n for n in found if _indentation(lines[n]) == outermost]
    if len(begins) != 1:
        raise WorkbookError(
            f"{file} has {len(begins)} lines that begin with {anchor!r}; an excerpt needs exactly "
            "one. Write more of the line."
        )
    begin = begins[0]
    indentation = _indentation(lines[begin])
    for end in range(begin + 1, len(lines)):
        line = lines[end]
        if to_blank_line and not line.strip():
            return lines[begin:end]
        if not to_blank_line and line.strip() and _indentation(line) <= indentation:
            closes = _indentation(line) == indentation and line.strip().startswith(CLOSING)
            return lines[begin : end + closes]
    return lines[begin:]


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())

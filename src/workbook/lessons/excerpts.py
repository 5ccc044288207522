"""Excerpts: lines of a real file that a lesson shows, cut by path and anchor.

    <!-- from k8s/base/deployment.yaml: strategy -->
    ```yaml
    (these lines are filled in)
    ```

An anchor is the beginning of a line. The excerpt is that line and what is indented under it, with a
closing bracket if there is one; an anchor that ends with `...` takes only what follows up to the
next blank line. Several anchors, joined by ` + `, are shown one after the other.
"""

import re
import textwrap
from pathlib import Path

from workbook.errors import WorkbookError

EXCERPT = re.compile(r"^<!-- from (\S+): (.+) -->\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
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
    text = "".join(textwrap.dedent(_block(lines, anchor, file)) for anchor in anchors)
    if len(text.splitlines()) > MOST_LINES:
        raise WorkbookError(
            f"The excerpt {' + '.join(anchors)!r} of {file} has {len(text.splitlines())} lines; "
            f"{MOST_LINES} is the most that a lesson shows at once. Choose a narrower anchor."
        )
    return text


def _block(lines: list[str], anchor: str, file: Path) -> str:
    paragraph = anchor.endswith("...")
    anchor = anchor.removesuffix("...")
    begins = [n for n, line in enumerate(lines) if line.strip().startswith(anchor)]
    if len(begins) != 1:
        raise WorkbookError(
            f"{file} has {len(begins)} lines that begin with {anchor!r}; an excerpt needs exactly "
            "one. Write more of the line."
        )
    begin = begins[0]
    indentation = _indentation(lines[begin])
    end = begin + 1
    while end < len(lines):
        line = lines[end]
        if paragraph:
            if not line.strip():
                break
        elif line.strip() and _indentation(line) <= indentation:
            end += _indentation(line) == indentation and line.strip().startswith(CLOSING)
            break
        end += 1
    return "\n".join(lines[begin:end]).rstrip() + "\n"


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())

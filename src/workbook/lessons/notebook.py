# ruff: noqa: E402 - what is not to be imported has to be named first
"""Notebooks: made from lessons, and run from top to bottom."""

import hashlib
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# jsonschema would import it to check addresses of a kind that no notebook has; that takes 1.4 s
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets.config import Config

from workbook.course.phase import Lesson, Phase, lessons, root
from workbook.learner.runs import Run, Section, write_run
from workbook.learner.store import moment
from workbook.lessons.cells import folded, labelled
from workbook.lessons.excerpts import fill
from workbook.lessons.your_turn import with_exercises

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
# jupytext would otherwise take the language that most cells are in for the notebook's
HEADER = """\
---
jupyter:
  kernelspec:
    display_name: Python 3
    language: python
    name: python3
---
"""
FIRST_CELL = """\
# Run this cell first: click on it, and press Shift+Enter. Run each next cell in the same way.
# It prepares %%bash and %answer. If you restart the kernel, run it again.
%load_ext workbook"""
ANSWER_CELL = """\
# Type your answer at the end of the next line, and run this cell.
%answer """
QUESTION = re.compile(r"^\*\*`([\w-]+)`\*\*.*\n(?:.+\n)*", re.MULTILINE)
HINT = re.compile(  # the text of a fold, before the cell that holds the solution
    r"^<details><summary>.+</summary>\n\n((?:(?!```).+\n+)+)(?=```bash\n# solution\n)", re.MULTILINE
)
FOLD = re.compile(r"(^<details>(?:(?!<details>).)*?^</details>$)", re.MULTILINE | re.DOTALL)
FOLDS = re.compile(r"^</?(details|summary)\b.*\n?", re.MULTILINE)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
PYTHON_SECONDS = 600
LINES_OF_OUTPUT = 15


class LessonFailed(Exception):
    """A cell of a lesson failed; the message shows it with the end of its output."""


def to_notebook(lesson: str) -> str:
    """Make the notebook of a lesson: no outputs, and the same ids whenever the text is the same.

    Two kinds of cells are in no lesson: the first one, and one after each question.
    """
    cell = rf"\g<0>\n```python\n{ANSWER_CELL}\1 \n```\n"
    hint = r"<details><summary>A hint</summary>\n\n\1</details>\n\n"
    notebook = jupytext.reads(HEADER + HINT.sub(hint, QUESTION.sub(cell, lesson)), fmt="md")
    notebook.metadata = nbformat.NotebookNode(kernelspec=KERNEL)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.cells.insert(0, nbformat.v4.new_code_cell(FIRST_CELL))
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            # GitHub folds answers away; a notebook folds by the cell what is more than one
            parts = re.split(FOLD, cell.source)
            parts[::2] = [FOLDS.sub("", part) for part in parts[::2]]
            # JupyterLab colours `python` only, of which jupytext would have made a cell
            cell.source = re.sub(r"^```py$", "```python", "".join(parts).strip(), flags=re.M)
    notebook.cells = [cell for cell in notebook.cells if cell.source]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, hidden in zip(code, folded([c.source for c in code], "local"), strict=True):
        cell.source = labelled(cell.source)
        if hidden:
            cell.metadata = nbformat.NotebookNode(jupyter={"source_hidden": True})
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        count = seen[cell.source] = seen.get(cell.source, 0) + 1
        cell.id = hashlib.sha256(f"{count} {cell.source}".encode()).hexdigest()[:8]
    text: str = nbformat.writes(notebook)
    return text + "\n"


def is_of_lesson(cell: Any) -> bool:
    """Whether a cell is part of the lesson's text, and not only of its notebook."""
    return cell.source != FIRST_CELL and not cell.source.startswith(ANSWER_CELL)


def write_notebook(lesson: Path, notebook: Path) -> bool:
    """Make the notebook again; returns whether it changed."""
    text = to_notebook(lesson.read_text(encoding="utf-8"))
    if notebook.exists() and notebook.read_text(encoding="utf-8") == text:
        return False
    notebook.write_text(text, encoding="utf-8")
    return True


def executed(lesson: Lesson) -> Path:
    """Where the notebook with the outputs of the last run is kept."""
    return lesson.state / lesson.notebook.name


def run_lesson(
    lesson: Lesson,
    environment: dict[str, str],
    begin: Callable[[str], None],
    done: Callable[[str, float], None],
) -> Run:
    """Run a lesson's notebook, keep it with its outputs, and what each section took.

    Args:
        lesson: which.
        environment: of the kernel.
        begin: called with each section's heading when it begins.
        done: called with each section's heading and seconds when it has run.

    Raises:
        LessonFailed: a cell failed.
    """
    notebook = nbformat.read(lesson.notebook, as_version=4)
    run = Run(started=moment())
    client = NotebookClient(
        notebook,
        # a bash cell has a limit of its own, which the lesson may set
        timeout_func=lambda cell: None if cell.source.startswith("%%bash") else PYTHON_SECONDS,
        coalesce_streams=True,
        kernel_name=KERNEL["name"],
        config=Config(KernelManager={"transport_encryption": "required"}),
        resources={"metadata": {"path": str(lesson.directory)}},
    )
    sections = _sections(notebook)
    clock = began = time.monotonic()

    def close(index: int) -> None:
        name = sections[index]
        if name and (index + 1 == len(sections) or sections[index + 1] != name):
            seconds = round(time.monotonic() - clock, 1)
            run.sections.append(Section(name, seconds))
            done(name, seconds)

    def open_(index: int) -> None:
        nonlocal clock
        if index and sections[index] != sections[index - 1]:
            clock = time.monotonic()
            begin(sections[index])

    try:
        kernel_log = (lesson.state / "kernel.log").open("w", encoding="utf-8")
        with kernel_log, client.setup_kernel(env=environment, stderr=kernel_log):
            for index, cell in enumerate(notebook.cells):
                open_(index)
                client.execute_cell(cell, index)
                close(index)
        run.complete = True
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise LessonFailed(_failure(cell, sections[index], error)) from error
    finally:
        run.seconds = round(time.monotonic() - began, 1)
        nbformat.write(notebook, executed(lesson))
        write_run(lesson.state, run)
    return run


def _sections(notebook: Any) -> list[str]:
    """For each cell, the second-level heading that it stands under."""
    sections, current = [], ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^## (.+)$", cell.source, re.MULTILINE)
            current = headings[-1] if headings else current
        sections.append(current)
    return sections


def _failure(cell: Any, section: str, error: Exception) -> str:
    said = "".join(
        output.get("text", "") or "\n".join(output.get("traceback", []))
        for output in cell.get("outputs", [])
    )
    lines = COLOURS.sub("", said).rstrip().splitlines()[-LINES_OF_OUTPUT:]
    lines = lines or [str(error)]
    code = "\n".join(f"    {line}" for line in cell.source.splitlines()[:LINES_OF_OUTPUT])
    shown = "\n".join(f"    {line}" for line in lines)
    return f'The lesson stopped in "{section}", at this cell:\n{code}\nwhich said:\n{shown}'


def main() -> None:
    """Fill each lesson's excerpts, and make its notebook: `python -m workbook.lessons.notebook`."""
    for each in lessons(root(), "local"):
        text = each.lesson.read_text(encoding="utf-8")
        filled = fill(text, each.directory)
        if isinstance(each, Phase):
            filled = with_exercises(filled, each)
        if filled != text:
            each.lesson.write_text(filled, encoding="utf-8")
            print(f"filled {each.lesson.relative_to(each.root)}")
        if write_notebook(each.lesson, each.notebook):
            print(f"made {each.notebook.relative_to(each.root)} again")


if __name__ == "__main__":
    main()

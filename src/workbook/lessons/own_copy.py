"""The learner's own copy of a lesson's notebook, which they run and edit: my-phase0.ipynb."""

import hashlib
import json
from pathlib import Path

from workbook.course.phase import Lesson
from workbook.learner.store import read_json, rename, whole
from workbook.lessons.cells import folded

MADE_FROM = "made_from"  # in the copy's metadata: the digest of the notebook that was copied


def own_copy(lesson: Lesson) -> Path:
    """Where the copy is, or will be; git ignores it."""
    return lesson.directory / f"my-{lesson.notebook.name}"


def make_copy(lesson: Lesson) -> None:
    """Copy the lesson's notebook, and note in the copy of which version it is.

    The notebook hides what is for Azure only; the copy, what is not for the learner's target.
    """
    content = json.loads(lesson.notebook.read_bytes())
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    hidden = folded(["".join(cell["source"]) for cell in code], lesson.target)
    for cell, hides in zip(code, hidden, strict=True):
        cell["metadata"] = {"jupyter": {"source_hidden": True}} if hides else {}
    content["metadata"]["workbook"] = {MADE_FROM: _digest(lesson)}
    text = json.dumps(content, indent=1, ensure_ascii=False)
    with whole(own_copy(lesson)) as draft:
        draft.write_text(text + "\n", encoding="utf-8")


def is_stale(lesson: Lesson) -> bool:
    """Whether the copy is of another version of the lesson than the present one."""
    content = read_json(own_copy(lesson)) or {}
    try:
        return bool(content["metadata"]["workbook"][MADE_FROM] != _digest(lesson))
    except (KeyError, TypeError):
        return True


def set_copy_aside(lesson: Lesson) -> Path | None:
    """Rename the copy, so that the next one is new; returns where it is now."""
    mine = own_copy(lesson)
    if not mine.exists():
        return None
    return rename(mine, f"{mine.stem}-{{}}{mine.suffix}")


def _digest(lesson: Lesson) -> str:
    return hashlib.sha256(lesson.notebook.read_bytes()).hexdigest()

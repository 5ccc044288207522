"""What the workbook keeps in .workbook: one writer at a time, all of a file or nothing."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbook.errors import WorkbookError

LOCK_IS_HELD = "WORKBOOK_LOCK_IS_HELD"


@contextmanager
def exclusively(home: Path) -> Iterator[None]:
    """Let one command at a time change the learner's system; the kernel ends the lock with us.

    A command that a lesson runs (`workbook up`) is part of the one that runs the lesson.

    Raises:
        WorkbookError: another command is at work.
    """
    if LOCK_IS_HELD in os.environ:
        yield
        return
    state = home / ".workbook"
    state.mkdir(exist_ok=True)
    with (state / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkbookError(
                "Another workbook command is at work in this folder: wait until it has ended."
            ) from None
        yield


def read_json(path: Path) -> dict[str, Any] | None:
    """What write_json wrote, or None where it did not, or where the file is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        draft.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)

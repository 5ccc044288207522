"""What the workbook keeps in .workbook: one writer at a time, all of a file or nothing.

Each file has one model, a dataclass with @kept. `read_state` reads every one of them.
"""

import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from workbook.errors import WorkbookError

LOCK_IS_HELD = "WORKBOOK_LOCK_IS_HELD"
SECONDS_OF_A_TURN = 10  # thousands of times what it takes to write a small file
LARGEST = 64_000_000  # bytes; an hour of recorded traffic takes a tenth of it
log = logging.getLogger("workbook")  # Python prints its warnings on stderr

Model = TypeVar("Model")


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


@contextmanager
def one_after_the_other(lock: Path) -> Iterator[None]:
    """Let commands read and write a file in turn; the kernel ends the lock with each of them.

    Args:
        lock: a file beside it, in a folder that exists.

    Raises:
        WorkbookError: another command has had its turn for SECONDS_OF_A_TURN.
    """
    deadline = time.monotonic() + SECONDS_OF_A_TURN
    with lock.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise WorkbookError(
                        f"Another workbook command holds {lock}: wait until it has ended."
                    ) from None
                time.sleep(0.01)
        yield


def moment(seconds: float | None = None) -> str:
    """A time as it is kept: UTC, as ISO 8601.

    Args:
        seconds: since 1970; None for now.
    """
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def kept(model: type[Model]) -> type[Model]:
    """Mark a dataclass as the model of a file: a file with an unknown field does not fit it."""
    model.__pydantic_config__ = {"extra": "forbid"}  # type: ignore[attr-defined]
    return model


def read_state(path: Path, model: type[Model]) -> Model | None:
    """What the workbook has written into a file of its own; None where there is nothing.

    A file that does not fit its model is renamed, and a warning says so: it is as if there were
    none. A model refuses values by a ValueError or a WorkbookError in its __post_init__.

    Args:
        path: the file.
        model: a dataclass with @kept, or another type that pydantic knows.
    """
    try:
        too_large = path.stat().st_size > LARGEST
        content = b"" if too_large else path.read_bytes()
    except FileNotFoundError:
        return None
    from pydantic import TypeAdapter, ValidationError  # a fresh clone has neither it nor a file

    try:
        if too_large:
            raise ValueError(f"larger than {LARGEST // 10**6} MB")
        return TypeAdapter(model).validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        reason = ": ".join(filter(None, [".".join(map(str, first["loc"])), first["msg"]]))
    except (ValueError, WorkbookError) as error:
        reason = str(error)
    _set_aside(path, reason)
    return None


def _set_aside(path: Path, reason: str) -> None:
    """Rename a file, so that it is neither read again nor lost."""
    with suppress(FileNotFoundError):  # another command was faster
        aside = rename(path, f"{path.name}.set-aside-{{}}")
        log.warning(
            "%s cannot be used (%s). The workbook has renamed it to %s and goes on without it.",
            path,
            reason,
            aside.name,
        )


def rename(path: Path, name: str) -> Path:
    """Rename a file to a name that no file has; returns where it is now.

    Args:
        path: the file.
        name: with {} for a number, from 1.
    """
    names = (path.with_name(name.format(number)) for number in count(1))
    return path.rename(next(each for each in names if not os.path.lexists(each)))


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in another program's file; None if the file is missing or damaged."""
    try:
        content = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write all of it or nothing."""
    with whole(path) as draft:
        draft.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Let a block write a draft, and give it the file's name when the block has ended well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        yield draft
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)

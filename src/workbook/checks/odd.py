"""Objects that lack what every object of their kind has: what a check reads in them is wrong."""

from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from workbook.checks.deployment import Deployment
from workbook.outcome import Wrong
from workbook.targets import kubernetes

# What Python raises where a field is missing, or is of another type.
KINDS = (KeyError, IndexError, TypeError, AttributeError, ValueError)


def odd_object(error: BaseException | None, traceback: TracebackType | None) -> Wrong | None:
    """The outcome where a check failed while it read an object of the cluster; else None.

    Args:
        error: what the check raised.
        traceback: where.

    Returns:
        Wrong, with the name of the object that was read last; None where no object was read.
    """
    if not isinstance(error, KINDS):
        return None
    found = next((item for local in _locals(traceback) for item in _objects(local)), None)
    if found is None:
        return None
    kind, name = found.get("kind") or "object", found["metadata"].get("name") or ""
    return Wrong(
        expected=f"the {kind} {name} with the fields that every {kind} has",
        found=f"{type(error).__name__}: {error}",
        why="a field is missing, or is of another type: the object was changed, or another "
        "program made it",
        run_next=f"kubectl --namespace {found['metadata'].get('namespace', 'ml-demo')} get "
        f"{str(kind).lower()} {name} --output yaml",
    )


def _locals(traceback: TracebackType | None) -> Iterator[Any]:
    """The values that the function which failed held, then those of the check that called it.

    What functions further out held is not what was read: they fail by a fault of our own, too.
    """
    frames = []
    while traceback:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    frames.reverse()
    reads = next((_function(frame) for frame in frames if _reads_objects(frame)), None)
    for place, frame in enumerate(frames):
        if place == 0 or _function(frame) == reads:
            yield from reversed([*frame.f_locals.values()])


def _reads_objects(frame: FrameType) -> bool:
    """Whether this is a function of a check, or asks the cluster."""
    path = Path(frame.f_code.co_filename)
    return "checks" in path.parts[-3:-1] or path == Path(kubernetes.__file__)


def _function(frame: FrameType) -> tuple[str, str]:
    """The function that a frame belongs to: a lambda or a comprehension, to the one around it."""
    code = frame.f_code
    return code.co_filename, code.co_qualname.partition(".<locals>.")[0]


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of the cluster in a value: itself, the first of a list, or a wrapped one."""
    wrapped = value.object if isinstance(value, Deployment) else None
    for each in (value, wrapped, *(value if type(value) is list else ())):
        if isinstance(each, dict) and isinstance(each.get("metadata"), dict):
            yield each

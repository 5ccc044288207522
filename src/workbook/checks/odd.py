"""Objects that lack what every object of their kind has: what a check reads in them is wrong."""

from collections.abc import Iterator
from types import TracebackType
from typing import Any

from workbook.outcome import Wrong

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
    """The values that the functions on the way to an error held, the innermost first."""
    frames = []
    while traceback:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    for frame in reversed(frames):
        yield from reversed([*frame.f_locals.values()])


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of the cluster in a value: itself, the first of a list, or a wrapped one."""
    for each in (value, getattr(value, "object", None), *(value if type(value) is list else ())):
        if isinstance(each, dict) and isinstance(each.get("metadata"), dict):
            yield each

"""What a code cell of a lesson says of itself, in comments at its top."""

import re
from collections.abc import Sequence

TARGET = re.compile(r"^# target: (\w+)$", re.MULTILINE)
SECONDS = re.compile(r"^# time limit: (\d+) s$", re.MULTILINE)
SOLUTION = re.compile(r"^# solution$", re.MULTILINE)
BASH = re.compile(r"^%%bash.*\n")
ANSWER = "the answer"
PLACES = {"local": "on your machine", "azure": "on Azure"}


def target_of(source: str) -> str:
    """The target that a cell is for; "" where it is for both."""
    found = TARGET.search(source)
    return found[1] if found else ""


def labelled(source: str) -> str:
    """The cell with a first line that says what it is.

    JupyterLab shows this line alone of a folded cell.
    """
    label = ANSWER if SOLUTION.search(source) else PLACES.get(target_of(source), "")
    return BASH.sub(f"%%bash # {label}\n", source) if label else source


def folded(sources: Sequence[str], target: str) -> list[bool]:
    """For each code cell of a lesson, whether a notebook hides it until the learner opens it.

    Solutions are hidden, and the cells of the other target where the lesson has some for this one.
    """
    targets = [target_of(source) for source in sources]
    shown = {"", target} if target in targets else {*targets}
    return [
        SOLUTION.search(source) is not None or of not in shown
        for source, of in zip(sources, targets, strict=True)
    ]

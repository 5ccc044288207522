"""How long a check waits for the learner's system to settle.

Like check.py, this needs the standard library only.
"""

from collections.abc import Callable

from workbook.targets.kubernetes import Found, eventually

looks_again = False  # whether the same check is asked again soon: `watch` sets it


def settled(
    look: Callable[[], Found], is_settled: Callable[[Found], bool], seconds: float
) -> Found:
    """Look until the system is settled or the time is up; returns what was seen last.

    Where the check is asked again soon, it looks once.
    """
    return eventually(look, is_settled, 0 if looks_again else seconds)

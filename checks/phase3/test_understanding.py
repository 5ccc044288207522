"""The questions of lesson 3, whose answers are facts of the learner's own system."""

import re
from typing import Any

from checks.phase3 import test_lifetimes
from checks.phase3.conftest import RECORDING
from checks.phase3.test_state import REFUSED
from workbook.checks.check import check
from workbook.checks.questions import (
    Question,
    form,
    is_near,
    not_yet,
    understood,
    whole_number,
)
from workbook.course.phase import Phase
from workbook.measure.traffic import read_traffic

QUESTIONS = {
    "lock-holder": Question(
        "who held the lock when the second was refused: the line Who",
        form("a user and a machine, such as me@laptop", r"\S+@\S+"),
        "lesson 3, “Two at the same time”",
    ),
    "lineage": Question(
        "the name that the state has from its first day to its last",
        form(
            "32 hexadecimal digits in five groups", r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
        ),
        "lesson 3, “Two at the same time”",
    ),
    "rebuild-seconds": Question(
        "how many seconds destroying and rebuilding took",
        whole_number(),
        "lesson 3, “Destroy and rebuild”",
    ),
}


@check(
    read="phases/phase3/README.md#you-understand-state-lock-rebuild",
    after=test_lifetimes.test_rebuilt_in_minutes,
)
def test_terraform_is_understood(phase: Phase, state: dict[str, Any]) -> str:
    """You understand: state, lock, rebuild"""
    rebuild = read_traffic(phase.state, RECORDING)
    holders = re.findall(r"Who:\s+(\S+)", _refusal(phase))
    return understood(
        phase,
        QUESTIONS,
        {
            "lock-holder": holders.__contains__
            if holders
            else not_yet("start two at once first: lesson 3, “Two at the same time”"),
            "lineage": [state["lineage"]].__contains__,
            "rebuild-seconds": is_near(round(rebuild.seconds), within=1)
            if rebuild
            else not_yet("rebuild first: lesson 3, “Destroy and rebuild”"),
        },
    )


def _refusal(phase: Phase) -> str:
    try:
        return (phase.state / REFUSED).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""

"""The questions of lesson 3, whose answers are facts of the learner's own system."""

import re
from typing import Any

from checks.phase3 import test_lifetimes
from checks.phase3.conftest import RECORDING
from checks.phase3.test_state import REFUSED
from workbook.checks.check import check
from workbook.checks.questions import Question, is_near, understood
from workbook.course.phase import Phase
from workbook.measure.traffic import read_traffic

QUESTIONS = {
    "lock-holder": Question("who held the lock when the second was refused: the line Who"),
    "lineage": Question("the name that the state has from its first day to its last"),
    "rebuild-seconds": Question("how many seconds destroying and rebuilding took"),
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
            "lock-holder": holders.__contains__,
            "lineage": [state["lineage"]].__contains__,
            "rebuild-seconds": is_near(round(rebuild.seconds), within=1)
            if rebuild
            else lambda _: False,
        },
    )


def _refusal(phase: Phase) -> str:
    try:
        return (phase.state / REFUSED).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""

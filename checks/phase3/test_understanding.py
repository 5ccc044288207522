"""The questions of lesson 3, whose answers are facts of the learner's own system."""

import re
from typing import Any

from checks.phase3 import test_lifetimes
from checks.phase3.conftest import RECORDING
from checks.phase3.test_state import REFUSED
from workbook.checks.check import check
from workbook.course.phase import Phase
from workbook.learner.answers import read_answers
from workbook.measure.traffic import read_traffic
from workbook.outcome import NotStarted, Wrong

QUESTIONS = {  # what is asked
    "lock-holder": "who held the lock when the second was refused: the line Who",
    "lineage": "the name that the state has from its first day to its last",
    "rebuild-seconds": "how many seconds destroying and rebuilding took",
}


@check(
    read="phases/phase3/README.md#you-understand-state-lock-rebuild",
    after=test_lifetimes.test_rebuilt_in_minutes,
)
def test_terraform_is_understood(phase: Phase, state: dict[str, Any]) -> str:
    """You understand: state, lock, rebuild"""
    answers = read_answers(phase)
    rebuild = read_traffic(phase.state, RECORDING)
    right = {
        "lock-holder": set(re.findall(r"Who:\s+(\S+)", _refusal(phase))),
        "lineage": {state["lineage"]},
        "rebuild-seconds": {str(round(rebuild.seconds) + away) for away in (-1, 0, 1)}
        if rebuild
        else set(),
    }
    for question, asked in QUESTIONS.items():
        given = answers.get(question, "").strip().strip("\"'` ").removesuffix(" s")
        if question in answers and given not in right[question]:
            raise Wrong(
                expected=f"{question}: {asked}",
                found=f"your answer {answers[question]!r}, which your system does not bear out",
                why="the answer is a fact of what you did; another machine, or another day, has "
                "another",
                run_next="./workbook lab 3, and look at what you saw",
            )
    if open_questions := [question for question in QUESTIONS if question not in answers]:
        raise NotStarted(f"answer in the lesson: {', '.join(open_questions)}")
    return f"{len(QUESTIONS)} questions answered"


def _refusal(phase: Phase) -> str:
    try:
        return (phase.state / REFUSED).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""

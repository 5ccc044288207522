"""The questions of lesson 2, whose answers are facts of the learner's own system."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from checks.phase2 import test_disturbance, test_security
from workbook.checks.check import check
from workbook.course.phase import Phase
from workbook.learner.answers import read_answers
from workbook.outcome import NotStarted, Wrong

QUESTIONS = {  # what is asked
    "batch-gain": "how many times as many rows a second the batch wrote as a connection for each",
    "who-wrote": "the name of the pod that answered my-first-row",
    "expires": "the day on which the server's certificate expires, as 2027-01-31",
}


@check(
    read="phases/phase2/README.md#you-understand-pooling-tls-the-log",
    after=(
        test_disturbance.test_stopped_database_costs_nothing,
        test_security.test_connection_is_secure,  # one of the answers is its certificate's
    ),
)
def test_log_is_understood(phase: Phase, inside: dict[str, Any]) -> str:
    """You understand: pooling, TLS, the log"""
    answers = read_answers(phase)
    if "who-wrote" in answers and not inside["who_wrote"]:
        raise NotStarted(
            "send my-first-row, and answer who-wrote: lesson 2, “Ask what was answered”. The table "
            "has no such row, or not any more"
        )
    for question, asked in QUESTIONS.items():
        given = answers.get(question, "").strip().strip("\"'`").rpartition("/")[2]
        if question in answers and not RIGHT[question](given, phase, inside):
            raise Wrong(
                expected=f"{question}: {asked}",
                found=f"your answer {answers[question]!r}, which your system does not bear out",
                why="the answer is a fact of what you did; another machine, or another day, has "
                "another",
                run_next="./workbook lab 2, and look at what you saw",
            )
    if open_questions := [question for question in QUESTIONS if question not in answers]:
        raise NotStarted(f"answer in the lesson: {', '.join(open_questions)}")
    return f"{len(QUESTIONS)} questions answered"


def _is_gain(given: str, phase: Phase, _: dict[str, Any]) -> bool:
    try:
        rates = json.loads((phase.state / "rows-per-second.json").read_text(encoding="utf-8"))
        number = float(given.replace(",", "").rstrip("x× "))
    except (FileNotFoundError, ValueError):
        return False
    right = rates["batched"] / rates["a_connection_for_each"]
    return abs(number - right) <= max(1, right / 100)


def _is_writer(given: str, _: Phase, inside: dict[str, Any]) -> bool:
    return given in inside["who_wrote"]


def _is_end(given: str, _: Phase, inside: dict[str, Any]) -> bool:
    ends = datetime.fromtimestamp(inside["certificate_ends"], UTC)
    return re.sub(r"\D", "", given) == f"{ends:%Y%m%d}"


RIGHT = {"batch-gain": _is_gain, "who-wrote": _is_writer, "expires": _is_end}

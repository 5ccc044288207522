"""The questions of lesson 2, whose answers are facts of the learner's own system."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from checks.phase2 import test_disturbance, test_security
from workbook.checks.check import check
from workbook.checks.questions import Question, is_near, is_one_of, understood
from workbook.course.phase import Phase
from workbook.learner.answers import read_answers
from workbook.learner.store import read_json
from workbook.outcome import NotStarted

QUESTIONS = {
    "batch-gain": Question(
        "how many times as many rows a second the batch wrote as a connection for each"
    ),
    "who-wrote": Question("the name of the pod that answered my-first-row"),
    "expires": Question("the day on which the server's certificate expires, as 2027-01-31"),
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
    if "who-wrote" in read_answers(phase) and not inside["who_wrote"]:
        raise NotStarted(
            "send my-first-row, and answer who-wrote: lesson 2, “Ask what was answered”. The table "
            "has no such row, or not any more"
        )
    return understood(
        phase,
        QUESTIONS,
        {
            "batch-gain": _is_gain(phase),
            "who-wrote": is_one_of(inside["who_wrote"]),
            "expires": lambda given: re.sub(r"\D", "", given) == _end(inside),
        },
    )


def _is_gain(phase: Phase) -> Callable[[str], bool]:
    rates = read_json(phase.state / "rows-per-second.json")
    if rates is None:
        return lambda given: False
    gain = rates["batched"] / rates["a_connection_for_each"]
    return is_near(gain, within=max(1, gain / 100))


def _end(inside: dict[str, Any]) -> str:
    return f"{datetime.fromtimestamp(inside['certificate_ends'], UTC):%Y%m%d}"

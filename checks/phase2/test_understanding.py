"""The questions of lesson 2, whose answers are facts of the learner's own system."""

import re
from datetime import UTC, datetime
from typing import Any

from checks.phase2 import test_disturbance, test_security
from workbook.checks.check import check
from workbook.checks.questions import (
    POD,
    Judge,
    Question,
    form,
    is_near,
    is_one_of,
    not_yet,
    understood,
    whole_number,
)
from workbook.course.phase import Phase
from workbook.learner.store import read_json

QUESTIONS = {
    "batch-gain": Question(
        "how many times as many rows a second the batch wrote as a connection for each",
        whole_number(),
        "lesson 2, “What a connection costs”",
    ),
    "who-wrote": Question(
        "the name of the pod that answered my-first-row", POD, "lesson 2, “Ask what was answered”"
    ),
    "expires": Question(
        "the day on which the server's certificate expires, as 2027-01-31",
        form("a day, such as 2027-01-31", r"\d{4}\D\d{2}\D\d{2}"),
        "lesson 2, “A server that can prove who it is”",
    ),
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
    no_row = not_yet(
        "send my-first-row, and answer who-wrote: lesson 2, “Ask what was answered”. The table "
        "has no such row, or not any more"
    )
    return understood(
        phase,
        QUESTIONS,
        {
            "batch-gain": _is_gain(phase),
            "who-wrote": is_one_of(inside["who_wrote"]) if inside["who_wrote"] else no_row,
            "expires": lambda given: re.sub(r"\D", "", given) == _end(inside),
        },
    )


def _is_gain(phase: Phase) -> Judge:
    rates = read_json(phase.state / "rows-per-second.json")
    if rates is None:
        return not_yet("measure it first: lesson 2, “What a connection costs”")
    gain = rates["batched"] / rates["a_connection_for_each"]
    return is_near(gain, within=max(1, gain / 100))


def _end(inside: dict[str, Any]) -> str:
    return f"{datetime.fromtimestamp(inside['certificate_ends'], UTC):%Y%m%d}"

"""What checks make of what kubectl and the API's log say: the cause that the words have."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the checks are no part of the package

from checks.phase2.test_database import NO_WAY, OTHER, _meaning
from checks.phase4.test_gateway import _problems, _refusals
from workbook.outcome import Outcome
from workbook.targets.kubernetes import unreachable


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("The connection to the server was refused", "is stopped"),
        ('Error from server (Forbidden): pods is forbidden: User "you"', "your user may not"),
        ('error: the server doesn\'t have a resource type "gateways"', "the kind is defined"),
    ],
)
def test_kubectl_errors_are_reported_with_their_cause(said: str, why: str) -> None:
    rows = unreachable(said, "./workbook up").rows
    assert rows["found"] == said
    assert why in rows["why"]
    assert (rows["run next"] == "./workbook up") == (why == "is stopped")


@pytest.mark.parametrize(
    "said",
    [
        "Unable to connect to the server: net/http: TLS handshake timeout",
        'Get "https://127.0.0.1:6443/readyz": context deadline exceeded',
        "Error from server (Timeout): the server was unable to return a response in the time",
        "Get https://127.0.0.1:6443: net/http: request canceled (Client.Timeout exceeded)",
    ],
)
def test_an_api_server_that_is_silent_cannot_be_judged(said: str) -> None:
    finding = unreachable(f"another line\n{said}", "./workbook up")
    assert finding.outcome is Outcome.UNKNOWN
    assert said in str(finding)
    assert "./workbook up" in str(finding)


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ('relation "predictions" does not exist', "the table"),
        ("cannot execute INSERT in a read-only transaction", "database is read-only"),
        ('FATAL:  database "predictions" does not exist', OTHER[0]),
        ('FATAL:  role "ml_api" does not exist', OTHER[0]),
        ("no answer within 3 s", NO_WAY[0]),
        ("connection to server failed: Connection refused", NO_WAY[0]),
        ("connection to server failed: timeout expired", NO_WAY[0]),
    ],
)
def test_database_errors_are_reported_with_their_cause(reason: str, why: str) -> None:
    assert why in _meaning(reason)[0]


def gateway(*, observed: int | None, status: str = "True") -> dict[str, Any]:
    """A Gateway that was changed twice, with what its controller says of it."""
    condition = {"type": "Programmed", "status": status, "reason": "a reason"}
    seen = {} if observed is None else {"observedGeneration": observed}
    return {"metadata": {"generation": 3}, "status": {"conditions": [condition | seen]}}


@pytest.mark.parametrize(
    ("seen", "problems"),
    [
        (gateway(observed=3), []),
        (gateway(observed=None), []),
        (gateway(observed=2), ["the Gateway: no controller has looked at it since it was changed"]),
        (gateway(observed=3, status="False"), ["the Gateway: Programmed is False: a reason"]),
        ({"metadata": {}}, ["the Gateway: no controller has programmed it"]),
    ],
)
def test_a_gateway_counts_as_its_controller_sees_it_now(
    seen: dict[str, Any], problems: list[str]
) -> None:
    assert _problems(seen) == problems


def test_a_class_is_refused_only_where_its_controller_says_so() -> None:
    assert _refusals({}) == []
    for status, refused in (("True", 0), ("False", 1), ("Unknown", 1)):
        condition = {"type": "Accepted", "status": status, "reason": "a reason"}
        assert len(_refusals({"status": {"conditions": [condition]}})) == refused

"""Whether a schedule runs every day, and a retention job deletes rows every day."""

from datetime import date
from typing import Any

import pytest

from workbook.checks.retention import COMMAND, KEEP_DAYS, keep_days, why_it_does_not_run
from workbook.checks.schedule import days_without

MONDAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    "schedule",
    [
        "17 3 * * *",
        "*/5 * * * *",
        "0 0,12 1-31 jan-dec 0-7",
        "0 4/6 */1 * ?",
        "0 0 1 * sun-sat",  # both are restricted: either will do
        "@daily",
    ],
)
def test_schedule_that_runs_every_day(schedule: str) -> None:
    assert days_without(schedule, MONDAY) == []


@pytest.mark.parametrize(
    ("schedule", "first"),
    [
        ("0 0 30 2 *", MONDAY),
        ("0 0 31 * *", MONDAY),
        ("0 0 30 11 *", date(2026, 12, 1)),
        ("0 0 * * mon-fri", date(2026, 12, 5)),
        ("0 0 */2 * *", MONDAY),
        ("0 0 1-30 * *", date(2026, 12, 31)),
        ("0 0 * 1-11 *", date(2026, 12, 1)),
    ],
)
def test_schedule_that_leaves_days_out(schedule: str, first: date) -> None:
    assert days_without(schedule, MONDAY)[0] == first


@pytest.mark.parametrize("schedule", ["", "* * * *", "x * * * *", "60 * * * *", "0 0 0 * *"])
def test_schedule_that_cannot_be_read_is_refused(schedule: str) -> None:
    with pytest.raises(ValueError, match=r"fields, not five|is not within|invalid literal"):
        days_without(schedule, MONDAY)


def retention(command: list[str] | None = None, **spec: Any) -> dict[str, Any]:
    """A CronJob as the lesson makes it, and what differs."""
    env = [{"name": "OTHER"}, {"name": KEEP_DAYS, "value": "30"}]
    container = {"command": command or COMMAND, "env": env}
    job = {"spec": {"template": {"spec": {"containers": [container]}}}}
    return {"spec": {"schedule": "17 3 * * *", "jobTemplate": job, **spec}}


def test_retention_of_the_lesson_runs_every_day() -> None:
    assert [*why_it_does_not_run(retention())] == []
    assert keep_days(retention()) == 30


@pytest.mark.parametrize(
    ("cronjob", "reason"),
    [
        (retention(suspend=True), "it is suspended"),
        (retention(schedule="0 0 30 2 *"), "does not run on"),
        (retention(schedule="nightly"), "cannot be read"),
        (retention(startingDeadlineSeconds=5), "it may start 5 s late at most"),
        (retention(command=["true"]), "none of its containers runs python -m sentiment.retention"),
        ({"spec": {"schedule": "@daily"}}, "none of its containers"),
        ({}, "cannot be read"),
    ],
)
def test_retention_that_deletes_nothing_is_seen(cronjob: dict[str, Any], reason: str) -> None:
    assert reason in next(why_it_does_not_run(cronjob))


@pytest.mark.parametrize("cronjob", [{}, {"spec": None}, retention(jobTemplate={})])
def test_retention_that_does_not_say_how_many_days(cronjob: dict[str, Any]) -> None:
    assert keep_days(cronjob) == 0

"""Predictions are deleted after some days, and what was recorded of them cannot be checked then.

Like check.py, this needs the standard library only.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from workbook.checks.schedule import days_without
from workbook.outcome import NotStarted
from workbook.targets.kubernetes import Object

if TYPE_CHECKING:
    from workbook.measure.traffic import Traffic

CRONJOB = "ml-api-retention"
COMMAND = ["python", "-m", "sentiment.retention"]
KEEP_DAYS = "SENTIMENT_KEEP_DAYS"
SECONDS_BETWEEN_LOOKS = 10  # of Kubernetes at its CronJobs


def keep_days(cronjob: Object) -> int:
    """After how many days the CronJob deletes a prediction; 0 where it does not say."""
    for container in _containers(cronjob):
        for each in container.get("env") or []:
            if each.get("name") == KEEP_DAYS and str(each.get("value", "")).isdecimal():
                return int(each["value"])
    return 0


def why_it_does_not_run(cronjob: Object) -> Iterator[str]:
    """Why the CronJob does not delete rows every day; nothing where it does."""
    spec = cronjob.get("spec") or {}
    if spec.get("suspend"):
        yield "it is suspended"
    schedule = str(spec.get("schedule", ""))
    try:
        missed = days_without(schedule, datetime.now(UTC).date())
    except ValueError as error:
        yield f"its schedule cannot be read: {error}"
    else:
        if missed:
            yield f"its schedule {schedule!r} does not run on {missed[0]:%d %B %Y}"
    deadline = spec.get("startingDeadlineSeconds")
    if deadline is not None and deadline < SECONDS_BETWEEN_LOOKS:
        yield f"it may start {deadline} s late at most, and Kubernetes looks every 10 s"
    if not any(container.get("command") == COMMAND for container in _containers(cronjob)):
        yield f"none of its containers runs {' '.join(COMMAND)}"


def _containers(cronjob: Object) -> list[Object]:
    spec = cronjob.get("spec") or {}
    for key in ("jobTemplate", "spec", "template", "spec"):
        spec = spec.get(key) or {}
    return spec.get("containers") or []


def refuse_outdated(recording: "Traffic", cronjob: Object, where: str) -> None:
    """Refuse a recording that is older than the retention period: its rows may be deleted.

    Args:
        recording: the one whose rows are counted.
        cronjob: what deletes rows.
        where: the section of a lesson that records it.

    Raises:
        NotStarted: it is older.
    """
    days = keep_days(cronjob)
    age = datetime.now(UTC) - datetime.fromisoformat(recording.started)
    if days and age > timedelta(days=days):
        raise NotStarted(
            f"record it again: {where}. What you recorded is {age.days} days old, and rows are "
            f"deleted after {days}"
        )

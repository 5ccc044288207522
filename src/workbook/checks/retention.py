"""Predictions are deleted after some days, and what was recorded of them cannot be checked then.

Like check.py, this needs the standard library only.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from workbook.outcome import NotStarted
from workbook.targets.kubernetes import Object

if TYPE_CHECKING:
    from workbook.measure.traffic import Traffic

CRONJOB = "ml-api-retention"


def keep_days(cronjob: Object) -> int:
    """After how many days the CronJob deletes a prediction."""
    container = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    settings = {each["name"]: each.get("value", "") for each in container["env"]}
    return int(settings["SENTIMENT_KEEP_DAYS"])


def refuse_outdated(recording: "Traffic", cronjob: Object, where: str) -> None:
    """Rows of a recording that is older than rows may become are missing for a good reason.

    Args:
        recording: whose rows are to be counted.
        cronjob: what deletes rows.
        where: the section of a lesson that records it.

    Raises:
        NotStarted: it is older.
    """
    days = keep_days(cronjob)
    age = datetime.now(UTC) - datetime.fromisoformat(recording.started)
    if age > timedelta(days=days):
        raise NotStarted(
            f"record it again: {where}. What you recorded is {age.days} days old, and rows are "
            f"deleted after {days}"
        )

"""The history: what was answered, read from the database page by page."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import psycopg2
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field

from sentiment.database import Database
from sentiment.settings import Settings

START = datetime(1970, 1, 1, tzinfo=UTC)
DATE = re.compile(r"\d{4}-\d\d-\d\d[T ]", re.ASCII)

# A page begins where the one before ended (“keyset”). Counting rows to skip them (OFFSET) would
# read them all again, and would show a row twice when a newer one came in between.
PAGE = """
    SELECT id, request_id, predicted_at, label, confidence, known_words, model_version,
        text, text_sha256, instance, sequence
    FROM predictions
    WHERE (%(label)s IS NULL OR label = %(label)s)
        AND (%(since)s IS NULL OR predicted_at >= %(since)s)
        AND (%(until)s IS NULL OR predicted_at < %(until)s)
        AND (%(id)s IS NULL OR (predicted_at, id) < (%(time)s, %(id)s))
    ORDER BY predicted_at DESC, id DESC
    LIMIT %(rows)s
"""


class Away(Exception):
    """The database cannot be asked for now."""


def _date(time: object) -> object:
    if isinstance(time, str) and not DATE.match(time):
        raise ValueError("is not a date and a time")  # a number would be seconds since 1970
    return time


def _utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("is not within the years 1 to 9999") from None


Time = Annotated[AwareDatetime, BeforeValidator(_date), AfterValidator(_utc)]


class Filter(BaseModel):
    """Which predictions are asked for."""

    label: Literal["negative", "positive"] | None = None
    since: Time | None = Field(default=None, description="made at this time or later")
    until: Time | None = Field(default=None, description="made before this time")
    before: str | None = Field(
        default=None, pattern=r"^[0-9]{1,17}-[0-9]{1,18}$", description="`next` of the page before"
    )
    limit: int = Field(default=50, ge=1, le=500, description="most predictions on a page")


class Prediction(BaseModel):
    """What was answered, when, and by whom."""

    request_id: str
    predicted_at: datetime
    label: str
    confidence: float
    known_words: int
    model_version: str
    text: str | None = Field(description="if texts are recorded in full")
    text_sha256: str | None = Field(description="if their hashes are recorded")
    instance: str = Field(description="the process that answered")
    sequence: int = Field(description="its answers are numbered from 1, without a gap")


class Page(BaseModel):
    """Predictions, the newest first."""

    predictions: list[Prediction]
    next: str | None = Field(description="where the next page begins; null on the last one")


class History:
    """Reads what the prediction log has written."""

    def __init__(self, settings: Settings) -> None:
        self._database = Database(settings, settings.database_connections)

    def page(self, wanted: Filter) -> Page:
        """One page of it.

        Raises:
            Away: the database does not answer, or refuses.
        """
        values = wanted.model_dump(include={"label", "since", "until"})
        values["time"], values["id"] = _place(wanted.before)
        values["rows"] = wanted.limit + 1  # one more than is shown: is there a next page?
        try:
            with self._database.cursor() as cursor:
                cursor.execute(PAGE, values)
                names = [column.name for column in cursor.description]
                rows = [dict(zip(names, row, strict=True)) for row in cursor]
        except (psycopg2.Error, OSError) as error:
            raise Away(f"{type(error).__name__}: {error}") from error
        shown = [Prediction.model_validate(row) for row in rows[: wanted.limit]]
        last = rows[len(shown) - 1] if len(rows) > len(shown) else None
        return Page(
            predictions=shown, next=_name(last["predicted_at"], last["id"]) if last else None
        )

    def close(self) -> None:
        self._database.close()


def _name(time: datetime, number: int) -> str:
    """A place in the history, as callers get it: microseconds and row number."""
    return f"{(time - START) // timedelta(microseconds=1)}-{number}"


def _place(name: str | None) -> tuple[datetime, int] | tuple[None, None]:
    if name is None:
        return None, None
    microseconds, _, number = name.partition("-")
    return START + timedelta(microseconds=int(microseconds)), int(number)

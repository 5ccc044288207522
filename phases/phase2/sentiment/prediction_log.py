"""The prediction log: every answer becomes a row in the database, and no answer waits for it.

A row goes into a queue. One thread takes what is there and writes it in one statement; what cannot
be written stays in its hands until it can. A row is lost in two ways only: the queue is full, which
is counted, or the process ends before its rows are written. Each process counts its rows, so that a
lost one is a gap in the table.
"""

import hashlib
import json
import logging
import socket
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from threading import Event, Thread
from typing import Literal, TypedDict
from uuid import uuid4

from pydantic import BaseModel, Field
from pydantic_core import to_json

from sentiment.database import Database
from sentiment.settings import Settings

SECONDS_TO_TRY_AGAIN = 0.5
SECONDS_BETWEEN_LOOKS = 5  # at the database, when there is nothing to write

logger = logging.getLogger(__name__)


class Row(TypedDict):
    """One answer; the names are those of the table's columns, of which `instance` is not here: it
    is the same in all rows of a process."""

    sequence: int
    request_id: str
    predicted_at: datetime
    label: str
    confidence: float
    known_words: int
    model_version: str
    text: str | None
    text_sha256: str | None


# A batch is one parameter, a JSON array: making SQL of each value of each row takes twice as long,
# here and in the server. The text is JSON inside of JSON, since U+0000 can be told in no other way.
#
# Instance and sequence tell whether a row is there already: a commit may succeed, and its answer be
# lost. The request id does not, because callers choose it: two answers under one id are two rows.
INSERT = """
    INSERT INTO predictions (
        instance, sequence, request_id, predicted_at, label, confidence, known_words,
        model_version, text, text_sha256
    )
    SELECT
        %s, sequence, request_id, predicted_at, label, confidence, known_words,
        model_version, text::json, text_sha256
    FROM json_to_recordset(%s) AS batch (
        sequence bigint, request_id text, predicted_at timestamptz, label text,
        confidence double precision, known_words integer, model_version text, text text,
        text_sha256 text
    )
    ON CONFLICT (instance, sequence) DO NOTHING
"""

# What is recorded of a text, as the columns text and text_sha256.
RECORDED: dict[str, Callable[[str], tuple[str | None, str | None]]] = {
    "full": lambda text: (json.dumps(text, ensure_ascii=False), None),
    "hash": lambda text: (None, hashlib.sha256(text.encode()).hexdigest()),
    "none": lambda text: (None, None),
}


class LogState(BaseModel):
    """How the prediction log is doing."""

    state: Literal["off", "ok", "behind", "down"] = Field(
        description="behind: more rows wait than are written at once; down: they cannot be written"
    )
    rows_written: int = 0
    rows_waiting: int = 0
    rows_lost: int = Field(default=0, description="because the queue was full")
    last_error: str | None = Field(default=None, examples=["OperationalError"])
    last_error_at: datetime | None = Field(default=None, description="when it was seen last")
    last_error_is_over: bool | None = Field(
        default=None, description="whether the database has taken rows, or would have, since then"
    )


OFF = LogState(state="off")


class PredictionLog:
    """The queue, and the thread that empties it."""

    def __init__(self, settings: Settings) -> None:
        start = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}"
        self.instance = f"{socket.gethostname()}/{start}"  # in Kubernetes, the name of the pod
        self._settings = settings
        self._database = Database(settings, connections=1)
        self._recorded = RECORDED[settings.keep_text]
        self._sequence = count(1)
        self._queue: deque[Row] = deque()  # one thread appends, and another takes
        self._batch: list[Row] = []  # what the thread has taken and not yet written
        self._written = self._lost = 0
        self._works = True
        self._last_error: str | None = None
        self._last_error_at: datetime | None = None
        self._ending, self._over = Event(), Event()
        self._thread = Thread(target=self._run, name="prediction-log", daemon=True)
        self._thread.start()

    def add(
        self,
        text: str,
        *,
        request_id: str,
        label: str,
        confidence: float,
        known_words: int,
        model_version: str,
    ) -> None:
        """Queue a row; at once, whatever the database does."""
        recorded, digest = self._recorded(text)
        row: Row = {  # a call of Row would make two of it
            "sequence": next(self._sequence),
            "request_id": request_id,
            "predicted_at": datetime.now(UTC),
            "label": str(label),
            "confidence": float(confidence),  # numpy's own types are none that JSON has
            "known_words": int(known_words),
            "model_version": model_version,
            "text": recorded,
            "text_sha256": digest,
        }
        if len(self._queue) < self._settings.queue_rows:
            self._queue.append(row)
        else:
            if self._lost == 0:
                logger.error("the queue of the prediction log is full: rows are lost from here on")
            self._lost += 1

    def state(self) -> LogState:
        waiting = len(self._queue) + len(self._batch)
        behind = waiting > self._settings.batch_rows
        return LogState(
            state="down" if not self._works else "behind" if behind else "ok",
            rows_written=self._written,
            rows_waiting=waiting,
            rows_lost=self._lost,
            last_error=self._last_error,
            last_error_at=self._last_error_at,
            last_error_is_over=self._works if self._last_error else None,
        )

    def close(self) -> None:
        """Write what waits, for a limited time, and end."""
        self._ending.set()
        self._thread.join(self._settings.last_flush_seconds)
        self._over.set()
        if left := self.state().rows_waiting:
            fields = {"instance": self.instance, "rows": left}
            logger.error("the process ends before these rows are written", extra={"fields": fields})

    def _run(self) -> None:
        next_look = time.monotonic()
        while not self._over.is_set():
            if len(self._queue) < self._settings.batch_rows:
                self._ending.wait(self._settings.flush_seconds)  # more may come meanwhile
            while len(self._batch) < self._settings.batch_rows and self._queue:
                self._batch.append(self._queue.popleft())
            if self._batch or time.monotonic() >= next_look:
                while not self._write() and not self._over.wait(SECONDS_TO_TRY_AGAIN):
                    pass
                next_look = time.monotonic() + SECONDS_BETWEEN_LOOKS
            elif self._ending.is_set():
                break
        self._database.close()

    def _write(self) -> bool:
        """Write the batch in one transaction; without one, see whether that would be possible."""
        try:
            with self._database.cursor() as cursor:
                if self._batch:
                    cursor.execute(INSERT, (self.instance, to_json(self._batch).decode()))
                else:
                    cursor.execute("SELECT FROM predictions LIMIT 0")
        except Exception as error:  # whatever it is, the rows are kept, and tried again
            self._last_error, self._last_error_at = type(error).__name__, datetime.now(UTC)
            if self._works:
                reason = {"error": self._last_error, "reason": str(error).strip()}
                logger.warning("predictions cannot be written for now", extra={"fields": reason})
            self._works = False
            return False
        self._written += len(self._batch)
        self._batch = []
        if not self._works:
            fields = {"rows_waiting": len(self._queue), "rows_lost": self._lost}
            logger.info("predictions are written again", extra={"fields": fields})
        self._works = True
        return True

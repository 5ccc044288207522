"""The record of phase 2: what is predicted is there soon after, once, and can be asked for."""

import os
import time
from typing import Any
from urllib.parse import urlencode

from checks.phase2 import test_database
from workbook.checks.api import Api
from workbook.checks.check import check
from workbook.outcome import Wrong
from workbook.targets.kubernetes import eventually

SECONDS_TO_APPEAR = 3
SECONDS_APART = 2  # that two clocks may be, and a row may wait
LOGS = "kubectl --namespace ml-demo logs deployment/ml-api --tail 20"
TEXT = "Great sound, great price, great little radio."


@check(
    read="phases/phase2/README.md#ask-what-was-answered",
    after=test_database.test_log_reaches_database,
)
def test_history_is_answered(api: Api, log: dict[str, Any]) -> str:
    """You can query the prediction history"""
    first = _page(api, limit=2)
    rows = first["predictions"]
    if first["next"]:
        rows = rows + _page(api, limit=2, before=first["next"])["predictions"]
    keys = [(row["predicted_at"], row["instance"], row["sequence"]) for row in rows]
    if len(set(keys)) < len(keys) or keys != sorted(keys, key=lambda key: key[0], reverse=True):
        raise Wrong(
            expected="the newest first, and each once over two pages",
            found=", ".join(f"{at} {number}" for at, _, number in keys),
            why="the second page does not begin where the first ended",
            run_next="git diff phases/phase2/sentiment/history.py",
        )
    negative = _page(api, label="negative", limit=5)["predictions"]
    if any(row["label"] != "negative" for row in negative):
        raise Wrong(
            expected="only negative predictions, as asked for",
            found=", ".join(row["label"] for row in negative),
            why="the filter is not part of the query",
            run_next="git diff phases/phase2/sentiment/history.py",
        )
    return "two pages and a filter"


@check(
    read="phases/phase2/README.md#write-without-making-anybody-wait",
    after=test_history_is_answered,
)
def test_prediction_is_logged(api: Api) -> str:
    """Predictions are logged to the database"""
    request_id = f"check-{os.getpid()}-{time.time_ns()}"
    answer = api.predict(TEXT, request_id)
    if answer.status_code != 200:
        raise Wrong(
            expected="200 for a prediction",
            found=f"{answer.status_code} {answer.text[:120]}",
            why="without an answer there is nothing to log",
            run_next=LOGS,
        )
    rows = eventually(lambda: _rows_of(api, request_id), bool, SECONDS_TO_APPEAR)
    said = answer.json()
    if not rows:
        log = api.health().json()["log"]
        raise Wrong(
            expected=f"the prediction {request_id} in the history within {SECONDS_TO_APPEAR} s",
            found=f"it is not there; the log is {log['state']}, {log['rows_waiting']} rows wait, "
            f"last error {log['last_error']}",
            why="the database can be read and takes no rows: its disk is full (Azure then makes "
            "it read-only), or somebody has made it so, or has taken the right to INSERT away",
            run_next=LOGS,
        )
    row = rows[0]
    if len(rows) > 1 or any(row[key] != said[key] for key in said):
        raise Wrong(
            expected=f"one row, which says what was answered: {said}",
            found=f"{len(rows)} rows, the first: {row}",
            why="what is recorded is not what people were told",
            run_next="git diff phases/phase2/sentiment/prediction_log.py",
        )
    return f"{row['label']}, number {row['sequence']} of {row['instance'].partition('/')[0]}"


@check(
    read="phases/phase2/README.md#write-without-making-anybody-wait",
    after=test_prediction_is_logged,
)
def test_clocks_agree(inside: dict[str, Any]) -> str:
    """Clocks of the API and of the database agree"""
    (delay,) = inside["delay"]
    if not -SECONDS_APART < delay < SECONDS_APART:
        order = "before" if delay < 0 else "after"
        raise Wrong(
            expected="a row to be written within a moment of its prediction",
            found=f"the newest row says that it was written {abs(delay):,.0f} s {order} it was "
            "made",
            why="predicted_at comes from the API's clock, written_at from the database's. Where "
            "they differ, the order of events, and what counts as too old, is anybody's guess",
            run_next="kubectl --namespace ml-data exec postgres-0 --container postgres -- psql "
            "--username postgres --dbname predictions --command 'SELECT clock_timestamp()' "
            "--command '\\d predictions'; and date, in the pod of the API",
        )
    return f"the newest row was written {delay:.1f} s after its prediction"


def _page(api: Api, **wanted: Any) -> dict[str, Any]:
    path = f"/predictions?{urlencode(wanted)}"
    response = api.get(path)
    if response.status_code != 200:
        raise Wrong(
            expected=f"200 for GET {path}",
            found=f"{response.status_code} {response.text[:120]}",
            why="predictions are written, and cannot be read: reading has connections of its own, "
            "of which the server may admit no more",
            run_next=LOGS,
        )
    page: dict[str, Any] = response.json()
    return page


def _rows_of(api: Api, request_id: str) -> list[dict[str, Any]]:
    newest = _page(api, limit=50)["predictions"]
    return [row for row in newest if row["request_id"] == request_id]

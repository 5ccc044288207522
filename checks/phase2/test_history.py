"""The record of phase 2: what is predicted is there soon after, once, and can be asked for."""

import os
import time
from typing import Any

from checks.phase2 import test_database
from checks.phase2.conftest import log_of, rows_of
from workbook.checks.api import Api
from workbook.checks.check import check
from workbook.checks.history import History
from workbook.outcome import NotStarted, Wrong
from workbook.targets.kubernetes import Kubernetes, eventually

SECONDS_TO_APPEAR = 3
SECONDS_APART = 2  # that two clocks may be, and a row may wait
LOGS = "kubectl --namespace ml-demo logs deployment/ml-api --tail 20"
TEXTS = (
    "Great sound, great price, great little radio.",
    "The battery lasts all week and the sound is superb.",
    "Awful. It broke after a day, a terrible waste of money.",
)
PREDICTIONS = 12
RECORDED = {"label", "confidence", "known_words", "model_version"}


@check(
    read="phases/phase2/README.md#ask-what-was-answered",
    after=test_database.test_log_reaches_database,
)
def test_history_is_answered(api: Api, history: History, log: dict[str, Any]) -> str:
    """You can query the prediction history"""
    labels = [_answer(api, text, _request_id())["label"] for text in TEXTS]
    if "negative" not in labels:
        raise Wrong(
            expected=f"one of three texts to be judged negative, such as {TEXTS[-1]!r}",
            found=", ".join(labels),
            why="the check asks for negative predictions afterwards, and needs one",
            run_next="./workbook check 1",
        )
    first = eventually(lambda: history.page(limit=2), lambda page: page["next"], SECONDS_TO_APPEAR)
    if len(first["predictions"]) < 2 or not first["next"]:
        raise Wrong(
            expected="a page of two predictions, and where the next page begins",
            found=f"{len(first['predictions'])} predictions, next: {first['next']}",
            why="the check has just sent three predictions, so the history holds more than two. "
            "Rows that wait for the database are not in it yet",
            run_next=LOGS,
        )
    rows = first["predictions"] + history.page(limit=2, before=first["next"])["predictions"]
    keys = [(row["predicted_at"], row["instance"], row["sequence"]) for row in rows]
    in_order = keys == sorted(keys, key=lambda key: key[0], reverse=True)
    if len(rows) < 3 or len(set(keys)) < len(keys) or not in_order:
        raise Wrong(
            expected="the newest first, and each once over two pages",
            found=", ".join(f"{at} {number}" for at, _, number in keys),
            why="the second page does not begin where the first ended",
            run_next="git diff phases/phase2/sentiment/history.py",
        )
    negative = history.page(label="negative", limit=5)["predictions"]
    if not negative or any(row["label"] != "negative" for row in negative):
        raise Wrong(
            expected="negative predictions, as asked for, and no others",
            found=", ".join(row["label"] for row in negative) or "no prediction",
            why="the filter is not part of the query",
            run_next="git diff phases/phase2/sentiment/history.py",
        )
    return "two pages and a filter"


@check(
    read="phases/phase2/README.md#write-without-making-anybody-wait",
    after=test_history_is_answered,
)
def test_prediction_is_logged(api: Api, cluster: Kubernetes, inside: dict[str, Any]) -> str:
    """Predictions are logged to the database"""
    if inside["between"]:
        raise Wrong(
            expected="the table to take rows as they are written",
            found=", ".join(inside["between"]),
            why="a trigger or a rule can change, drop or double a row on its way into the table",
            run_next="kubectl --namespace ml-data exec postgres-0 --container postgres -- psql "
            "--username postgres --dbname predictions --command '\\d predictions'",
        )
    beginning = _request_id()
    # of different lengths, and enough for every pod to answer some
    texts = {f"{beginning}-{number}": f"{TEXTS[0]} {'!' * number}" for number in range(PREDICTIONS)}
    answers = {request_id: _answer(api, text, request_id) for request_id, text in texts.items()}
    rows = eventually(
        lambda: rows_of(cluster, beginning),
        lambda found: len(found) >= len(texts),
        SECONDS_TO_APPEAR,
    )
    missing = answers.keys() - {row["request_id"] for row in rows}
    if missing:
        log = log_of(api)
        raise Wrong(
            expected=f"{len(texts)} rows for {len(texts)} predictions within {SECONDS_TO_APPEAR} s",
            found=f"{len(missing)} are missing, such as {min(missing)}; the log is "
            f"{log['state']}, {log['rows_waiting']} rows wait, last error {log['last_error']}",
            why="the API does not record each answer, or has lost the right to INSERT. Or the "
            "database is read-only, because its disk is full or it was set so",
            run_next=LOGS,
        )
    if len(rows) > len(texts):
        raise Wrong(
            expected=f"{len(texts)} rows for {len(texts)} predictions",
            found=f"{len(rows)} rows",
            why="some answers are recorded more than once",
            run_next="git diff phases/phase2/sentiment/prediction_log.py",
        )
    for row in rows:
        said = answers[row["request_id"]]
        asked = {"text": texts[row["request_id"]] if row["text"] is not None else None}
        expected = asked | {key: said[key] for key in RECORDED}
        found = {key: row[key] for key in expected}
        if found != expected:
            raise Wrong(
                expected=f"a row that says what was answered: {expected}",
                found=f"{found}",
                why="the record differs from the answer that the caller got",
                run_next="git diff phases/phase2/sentiment/prediction_log.py",
            )
    pods = {row["instance"].partition("/")[0] for row in rows}
    return f"{len(rows)} rows for {len(texts)} predictions, answered by {len(pods)} pods"


@check(
    read="phases/phase2/README.md#write-without-making-anybody-wait",
    after=test_prediction_is_logged,
)
def test_clocks_agree(inside: dict[str, Any]) -> str:
    """Clocks of the API and of the database agree"""
    delay = inside["delay"]
    if delay is None:
        raise NotStarted("send a prediction: lesson 2, “Ask what was answered”")
    if not -SECONDS_APART < delay < SECONDS_APART:
        order = "before" if delay < 0 else "after"
        raise Wrong(
            expected="a row to be written within a moment of its prediction",
            found=f"the newest row says that it was written {abs(delay):,.0f} s {order} it was "
            "made",
            why="predicted_at comes from the API's clock, written_at from the database's. Where "
            "they differ, you cannot trust the order of events, or which rows are too old",
            run_next="kubectl --namespace ml-data exec postgres-0 --container postgres -- psql "
            "--username postgres --dbname predictions --command 'SELECT clock_timestamp()' "
            "--command '\\d predictions'; and date, in the pod of the API",
        )
    return f"the newest row was written {delay:.1f} s after its prediction"


def _request_id() -> str:
    return f"check-{os.getpid()}-{time.time_ns()}"


def _answer(api: Api, text: str, request_id: str) -> dict[str, Any]:
    """What is answered to a text.

    Raises:
        Wrong: it is no prediction.
    """
    response = api.predict(text, request_id)
    said = response.json() if response.status_code == 200 else {}
    if not isinstance(said, dict) or not said.keys() >= RECORDED:
        raise Wrong(
            expected=f"200 for a prediction, with {', '.join(sorted(RECORDED))}",
            found=f"{response.status_code} {response.text[:120]}",
            why="without an answer there is nothing to record",
            run_next=LOGS,
        )
    return said

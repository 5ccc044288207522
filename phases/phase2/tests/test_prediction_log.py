import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg2
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from sentiment import prediction_log
from sentiment.prediction_log import PredictionLog
from sentiment.settings import Settings
from server import wait_until

within = budget(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
ANSWER: dict[str, Any] = {
    "label": "positive",
    "confidence": 0.75,
    "known_words": 3,
    "model_version": "2026-11-23.1",
}
INJECTIONS = [
    "'); DROP TABLE predictions; --",
    "'; UPDATE predictions SET label = 'negative'; --",
    "\\'; SELECT pg_sleep(10); --",
    "$$; DROP TABLE predictions; $$",
    "%s %(text)s %%",
    "E'\\x27' OR 1=1",
    "{0.__class__}",
]


@contextmanager
def logging_to(settings: Settings) -> Iterator[PredictionLog]:
    log = PredictionLog(settings)
    try:
        yield log
    finally:
        log.close()


def add(log: PredictionLog, *numbers: int) -> None:
    for number in numbers:
        log.add(f"text {number}", request_id=f"request-{number}", **ANSWER)


def written(server: Any) -> list[tuple[int, str]]:
    """Sequence and request id of all rows, in the order in which they were written."""
    found: list[tuple[int, str]] = server.ask(
        "SELECT sequence, request_id FROM predictions ORDER BY id"
    )
    return found


def expected(count: int) -> list[tuple[int, str]]:
    return [(number, f"request-{number}") for number in range(1, count + 1)]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many calls to the database the log has begun, and how many are over."""
    write, counted = PredictionLog._write, Counter[str]()

    def counting(self: PredictionLog) -> bool:
        counted["begun"] += 1
        try:
            return write(self)
        finally:
            counted["over"] += 1

    monkeypatch.setattr(PredictionLog, "_write", counting)
    return counted


def is_(log: PredictionLog, state: str) -> Callable[[], bool]:
    return lambda: log.state().state == state


# A row


def test_an_answer_becomes_a_row(recording: Any, server: Any) -> None:
    answer = recording.ask("the film is superb")
    wait_until(lambda: len(written(server)) == 1)
    [row] = server.ask(
        "SELECT sequence, request_id, label, confidence, known_words, model_version, text, "
        "text_sha256, now() - predicted_at < '5 s', written_at >= predicted_at FROM predictions"
    )
    body = answer.json()
    assert row == (
        1,
        answer.headers["X-Request-ID"],
        body["label"],
        body["confidence"],
        body["known_words"],
        body["model_version"],
        "the film is superb",
        None,
        True,
        True,
    )


def test_what_is_refused_or_asked_by_a_probe_is_no_row(recording: Any, server: Any) -> None:
    recording.ask("")
    recording.get("/ready")
    recording.get("/health")
    recording.ask("good")
    wait_until(lambda: written(server) != [])
    assert [sequence for sequence, _ in written(server)] == [1]


@pytest.mark.parametrize(
    ("keep", "row"),
    [
        ("full", ("good", None)),
        ("hash", (None, "770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c")),
        ("none", (None, None)),
    ],
)
def test_how_much_of_a_text_is_recorded_is_a_setting(server: Any, keep: str, row: Any) -> None:
    with logging_to(server.settings(keep_text=keep)) as log:
        log.add("good", request_id="1", **ANSWER)
    assert server.ask("SELECT text, text_sha256 FROM predictions") == [row]


def test_a_text_is_not_recorded_unless_somebody_wants_that() -> None:
    assert Settings().keep_text == "hash"


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=100), min_size=1, max_size=20))
@example(["\x00", "a\x00b", "\\u0000", '"', "日本 🙂 𝔤 \u202e", "\ufeff\u0301", *INJECTIONS])
@within
def test_every_text_is_recorded_unchanged(server: Any, texts: list[str]) -> None:
    server.ask("TRUNCATE predictions")
    with logging_to(server.settings(keep_text="full", flush_seconds=0.001)) as log:
        for text in texts:
            log.add(text, request_id="1", **ANSWER)
    rows = server.ask("SELECT text FROM predictions ORDER BY id")
    assert [text for (text,) in rows] == texts


@pytest.mark.parametrize("text", INJECTIONS)
def test_sql_in_a_text_is_a_text(recording: Any, server: Any, text: str) -> None:
    assert recording.ask(text).status_code == 200
    wait_until(lambda: len(written(server)) == 1)
    assert server.ask("SELECT text FROM predictions") == [(text,)]
    assert recording.get("/predictions").json()["predictions"][0]["text"] == text


def test_numbers_of_numpy_are_recorded_as_numbers(server: Any) -> None:
    with logging_to(server.settings()) as log:
        log.add(
            "good",
            request_id="1",
            label=np.str_("positive"),
            confidence=np.float64(0.75),
            known_words=np.int64(3),
            model_version="1",
        )
    assert server.ask("SELECT label, confidence, known_words FROM predictions") == [
        ("positive", 0.75, 3)
    ]


def test_two_answers_under_one_request_id_are_two_rows(recording: Any, server: Any) -> None:
    async def ask() -> None:
        for text in ("good", "awful"):
            headers = {"X-Request-ID": "the-same"}
            await recording.http.post("/predict", json={"text": text}, headers=headers)

    recording.runner.run(ask())
    wait_until(lambda: len(written(server)) == 2)
    assert written(server) == [(1, "the-same"), (2, "the-same")]


def test_two_processes_on_one_machine_do_not_share_a_sequence(server: Any) -> None:
    with logging_to(server.settings()) as one, logging_to(server.settings()) as other:
        add(one, 1)
        add(other, 1)
    assert len(written(server)) == 2


# The database is away


def test_while_the_database_is_stopped_every_request_is_answered_and_no_row_is_lost(
    calls: Counter[str], recording: Any, server: Any
) -> None:
    ids = []

    def ask(until: Callable[[], bool]) -> None:
        while not until():
            answer = recording.ask("the film is superb")
            assert answer.status_code == 200
            ids.append(answer.headers["X-Request-ID"])

    def state() -> str:
        return str(recording.get("/health").json()["log"]["state"])

    ask(lambda: len(ids) == 100)
    wait_until(lambda: written(server) != [])
    with server.stopped():
        ask(lambda: state() == "down")
        tried = calls["over"]
        ask(lambda: len(ids) >= 1_000)
        assert calls["over"] - tried < len(ids) / 10, "answers wait until the database was tried"
        assert recording.get("/ready").status_code == 200
        assert recording.get("/predictions").status_code == 503
        health = recording.get("/health").json()["log"]
        assert health["last_error"] in {"OperationalError", "AdminShutdown"}
        assert health["rows_waiting"] + health["rows_written"] == len(ids)
        assert health["last_error_is_over"] is False
        failed_at = datetime.fromisoformat(health["last_error_at"])
        assert timedelta(0) <= datetime.now(UTC) - failed_at < timedelta(minutes=1)
    ask(lambda: state() == "ok")
    health = recording.get("/health").json()["log"]
    assert health["last_error"] in {"OperationalError", "AdminShutdown"}
    assert health["last_error_is_over"] is True
    assert datetime.fromisoformat(health["last_error_at"]) >= failed_at
    wait_until(lambda: len(written(server)) == len(ids))
    assert written(server) == [(number, name) for number, name in enumerate(ids, 1)]


@pytest.mark.parametrize("connected", [True, False])
def test_500_requests_are_answered_while_one_call_to_a_frozen_database_waits(
    calls: Counter[str], server: Any, kept: Any, connected: bool
) -> None:
    from conftest import started

    settings = server.settings(model_dir=kept, database_seconds=60)
    with ExitStack() as stack:
        if connected:
            client = stack.enter_context(started(settings))
            wait_until(lambda: server.ask(CONNECTED, "ml_api") == [(1,)])
        with server.frozen():
            if not connected:
                client = stack.enter_context(started(settings))
            assert client.ask("good").status_code == 200
            wait_until(lambda: calls["begun"] > calls["over"])
            over = calls["over"]
            for _ in range(500):
                assert client.ask("good").status_code == 200
            assert client.get("/ready").status_code == 200
            assert client.get("/health").status_code == 200
            assert calls["over"] == over, "the call was over before the last answer"
        wait_until(lambda: len(written(server)) == 501)
        assert [sequence for sequence, _ in written(server)] == list(range(1, 502))


@pytest.mark.parametrize("connected", [True, False])
def test_a_frozen_database_is_given_up_and_no_row_is_lost(
    server: Any, kept: Any, connected: bool
) -> None:
    from conftest import started

    settings = server.settings(model_dir=kept, database_seconds=1)
    with ExitStack() as stack:
        if connected:
            client = stack.enter_context(started(settings))
            wait_until(lambda: server.ask(CONNECTED, "ml_api") == [(1,)])
        with server.frozen():
            if not connected:
                client = stack.enter_context(started(settings))
            count = 0
            while client.get("/health").json()["log"]["state"] != "down":
                assert client.ask("good").status_code == 200
                count += 1
            assert client.get("/predictions").status_code == 503
            assert client.get("/ready").status_code == 200
        wait_until(lambda: len(written(server)) >= count)
        assert [sequence for sequence, _ in written(server)] == list(range(1, count + 1))


def test_rows_wait_for_a_table_that_is_not_there_yet(empty_server: Any) -> None:
    from sentiment.migrate import migrate

    with logging_to(empty_server.settings()) as log:
        wait_until(is_(log, "down"))
        assert log.state().last_error == "UndefinedTable"
        add(log, 1, 2, 3)
        migrate(empty_server.settings("predictions_owner"))
        wait_until(lambda: log.state().rows_written == 3)
    assert written(empty_server) == expected(3)


def test_rows_wait_while_the_database_refuses_to_write(server: Any) -> None:
    with logging_to(server.settings()) as log:
        wait_until(is_(log, "ok"))
        server.ask("REVOKE INSERT ON predictions FROM ml_api")
        add(log, 1, 2)
        wait_until(is_(log, "down"))
        assert log.state().last_error == "InsufficientPrivilege"
        server.ask("GRANT INSERT ON predictions TO ml_api")
        wait_until(is_(log, "ok"))
    assert written(server) == expected(2)


def test_a_row_whose_confirmation_was_lost_is_not_written_twice(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, cut = PredictionLog._write, []

    def write_and_lose_the_answer(self: PredictionLog) -> bool:
        batch = list(self._batch)
        done = write(self)
        if batch and not cut:
            cut.append(len(batch))
            self._batch = batch
            return False
        return done

    monkeypatch.setattr(PredictionLog, "_write", write_and_lose_the_answer)
    with logging_to(server.settings()) as log:
        add(log, *range(1, 51))
    assert cut
    assert written(server) == expected(50)


def test_the_state_says_when_the_database_goes_though_nothing_is_to_be_written(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prediction_log, "SECONDS_BETWEEN_LOOKS", 0.1)
    with logging_to(server.settings()) as log:
        with server.stopped():
            wait_until(is_(log, "down"))
        wait_until(is_(log, "ok"))


def test_an_outage_is_one_line_at_its_begin_and_one_at_its_end(
    calls: Counter[str], server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with logging_to(server.settings()) as log, server.stopped():
        add(log, 1)
        wait_until(is_(log, "down"))
        tried = calls["over"]
        wait_until(lambda: calls["over"] >= tried + 3)
    assert [r.message for r in caplog.records if r.name == prediction_log.__name__] == [
        "predictions cannot be written for now",
        "predictions are written again",
    ]
    assert "of the API" not in caplog.text


# The queue


def test_a_full_queue_loses_the_newest_rows_and_counts_them(server: Any) -> None:
    with server.stopped():
        log = PredictionLog(server.settings(queue_rows=10, batch_rows=5))
        add(log, *range(1, 101))
        lost = log.state().rows_lost
        assert lost >= 85
    add(log, 101)  # the tests go on before the rows are written
    wait_until(lambda: log.state().rows_waiting == 0)
    log.close()
    sequences = [sequence for sequence, _ in written(server)]
    assert sequences == sorted(set(sequences))
    assert sequences[:10] == list(range(1, 11))
    assert 101 - len(sequences) == log.state().rows_lost


def test_the_state_is_behind_while_more_waits_than_is_written_at_once(server: Any) -> None:
    with server.stopped():
        log = PredictionLog(server.settings(batch_rows=2))
        add(log, *range(1, 1_001))
    states = set()

    def look() -> bool:
        states.add(log.state().state)
        return log.state().rows_waiting == 0

    wait_until(look)
    log.close()
    assert {"down", "behind", "ok"} >= states >= {"behind"}
    assert written(server) == expected(1_000)


def test_a_row_is_added_without_a_call_to_a_database_that_is_away(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers = set()
    connect = psycopg2.connect

    def noted(*arguments: Any, **options: Any) -> Any:
        callers.add(threading.current_thread().name)
        return connect(*arguments, **options)

    monkeypatch.setattr(psycopg2, "connect", noted)
    with server.stopped(), logging_to(server.settings(last_flush_seconds=0.1)) as log:
        add(log, *range(1, 10_001))
        wait_until(is_(log, "down"))
        assert callers == {"prediction-log"}


# The end


def test_what_waits_is_written_at_the_end(server: Any) -> None:
    with logging_to(server.settings(flush_seconds=60)) as log:
        add(log, *range(1, 2_001))
    assert written(server) == expected(2_000)


def test_the_end_does_not_wait_for_a_database_that_is_away(
    server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with server.stopped():
        log = PredictionLog(server.settings(last_flush_seconds=0.3))
        add(log, 1, 2, 3)
        end = threading.Thread(target=log.close, daemon=True)
        end.start()
        end.join(30)
        assert not end.is_alive()
    [record] = [r for r in caplog.records if r.levelname == "ERROR"]
    assert record.message == "the process ends before these rows are written"
    assert record.fields == {"instance": log.instance, "rows": 3}  # type: ignore[attr-defined]


def test_nothing_is_recorded_without_a_database(client: Any) -> None:
    assert client.ask("good").status_code == 200
    answer = client.get("/predictions")
    assert answer.status_code == 503
    assert answer.json() == {"detail": "no database is set, so that nothing is recorded"}

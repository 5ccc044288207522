import asyncio
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from pydantic import ValidationError
from sentiment import logs
from sentiment.settings import Settings

SECRET = "swordfish"
within = budget(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(client: Any) -> Iterator[Lines]:
    """What has been logged since this was last asked; every line must be JSON."""
    [handler] = [h for h in logging.getLogger().handlers if isinstance(h.formatter, logs.JsonLines)]
    assert isinstance(handler, logging.StreamHandler)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the client of these tests, not the app
    written = io.StringIO()
    before = handler.setStream(written)

    def since() -> list[dict[str, Any]]:
        text = written.getvalue()
        written.seek(0)
        written.truncate()
        return [json.loads(line) for line in text.splitlines()]

    yield since
    handler.setStream(before)


def get(client: Any, path: str, **headers: str) -> httpx.Response:
    return client.runner.run(client.http.get(path, headers=headers))


# One line a request


def test_a_request_is_one_line_that_says_what_was_asked_and_what_came_of_it(
    client: Any, lines: Lines
) -> None:
    answer = client.ask(SECRET)
    [line] = lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line.pop("time"))
    assert 0 < line.pop("milliseconds") < 10_000
    assert line == {
        "level": "INFO",
        "logger": "sentiment.logs",
        "message": "request",
        "request_id": answer.headers["X-Request-ID"],
        "method": "POST",
        "path": "/predict",
        "status": 200,
    }


@pytest.mark.parametrize(
    ("body", "status"), [(b'{"text": ""}', 422), (b"{", 422), (b"x" * 100_000, 413)]
)
def test_a_refused_request_is_logged_with_its_id(
    client: Any, lines: Lines, body: bytes, status: int
) -> None:
    answer = client.post(body)
    [line] = lines()
    assert answer.status_code == line["status"] == status
    assert answer.headers["X-Request-ID"] == line["request_id"]


def test_an_unknown_path_is_logged_and_cut_and_without_its_query(client: Any, lines: Lines) -> None:
    get(client, "/" + "x" * 20_000 + f"?q={SECRET}")
    [line] = lines()
    assert line["status"] == 404
    assert line["path"] == "/" + "x" * (logs.LONGEST_PATH - 1)
    assert SECRET not in str(line)


@pytest.mark.parametrize("path", logs.PROBES)
def test_a_probe_that_passes_is_not_logged(client: Any, lines: Lines, path: str) -> None:
    assert get(client, path).status_code == 200
    assert lines() == []


def test_at_level_debug_probes_are_logged_too(client: Any, lines: Lines) -> None:
    logs.logger.setLevel(logging.DEBUG)
    try:
        get(client, "/ready")
    finally:
        logs.logger.setLevel(logging.NOTSET)
    [line] = lines()
    assert (line["level"], line["path"]) == ("DEBUG", "/ready")


@given(st.text("swordfish", min_size=4).map(lambda word: f"{word} 𝔰𝔢𝔠𝔯𝔢𝔱"), st.integers(0, 4))
@within
def test_no_text_is_logged_whether_it_is_answered_or_refused(
    client: Any, lines: Lines, text: str, way: int
) -> None:
    wrong = [{"text": [text]}, {"text": text + "\ud800"}, {"text": text * 5_000}, {text: text}]
    client.post(json.dumps([*wrong, {"text": text}][way]).encode())
    assert text not in str(lines())


# A crash


@pytest.fixture
def crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every judgement fails."""
    from sentiment import model

    def judge(self: model.Model, text: str) -> model.Judgement:
        raise ZeroDivisionError("nothing to\ndivide by")

    monkeypatch.setattr(model.Model, "judge", judge)


def test_a_crash_is_answered_with_500_and_one_line_has_the_traceback(
    client: Any, lines: Lines, crash: None
) -> None:
    answer = client.ask(SECRET)
    assert answer.status_code == 500
    assert list(answer.json()) == ["detail"]
    fault, request = lines()
    assert fault["level"] == "ERROR"
    assert fault["traceback"].startswith("Traceback (most recent call last):\n")
    assert fault["traceback"].endswith("ZeroDivisionError: nothing to\ndivide by")
    assert request["status"] == 500
    assert fault["request_id"] == request["request_id"] == answer.headers["X-Request-ID"]
    assert SECRET not in str([fault, request])


def test_a_probe_that_fails_is_logged_with_its_reason(
    client: Any, lines: Lines, crash: None
) -> None:
    assert get(client, "/ready").status_code == 503
    fault, request = lines()
    assert "ZeroDivisionError" in fault["traceback"]
    assert (request["level"], request["path"], request["status"]) == ("INFO", "/ready", 503)


SCOPE = {"type": "http", "method": "GET", "path": "/", "headers": []}


def run(app: Any, scope: dict[str, Any]) -> list[dict[str, Any]]:
    """What arrives at the client."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    asyncio.run(logs.RequestLog(app)(scope, receive, send))
    return sent


def test_a_crash_after_the_answer_began_does_not_begin_another(lines: Lines) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        raise ZeroDivisionError

    [start] = run(app, SCOPE)
    assert start["status"] == 200
    assert [line["message"] for line in lines()] == ["a request crashed", "request"]


def test_a_request_that_nobody_waits_for_has_no_status(lines: Lines) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        return

    assert run(app, SCOPE) == []
    [line] = lines()
    assert line["status"] is None


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_what_is_not_a_request_passes_untouched(lines: Lines, kind: str) -> None:
    arrived = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        arrived.append(scope)

    run(app, {"type": kind})
    assert arrived == [{"type": kind}]
    assert lines() == []


# The id of a request

tokens = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)


@given(tokens)
@within
def test_a_token_that_the_caller_sends_is_the_requests_id(
    client: Any, lines: Lines, token: str
) -> None:
    answer = get(client, "/unknown", **{"x-request-id": token})
    [line] = lines()
    assert answer.headers["X-Request-ID"] == line["request_id"] == token


@given(st.binary(max_size=100).filter(lambda sent: not logs.TOKEN.fullmatch(sent)))
@within
def test_anything_else_is_replaced_by_an_id_of_ours(lines: Lines, sent: bytes) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    [start] = run(app, {**SCOPE, "headers": [(b"x-request-id", sent)]})
    [line] = lines()
    [(_, answered)] = start["headers"]
    assert answered.decode() == line["request_id"]
    assert re.fullmatch("[0-9a-f]{32}", line["request_id"])


def test_a_line_break_after_a_token_is_not_part_of_one() -> None:
    assert not logs.TOKEN.fullmatch(b"token\n")


def test_two_requests_have_two_ids(client: Any) -> None:
    assert len({get(client, "/health").headers["X-Request-ID"] for _ in range(100)}) == 100


def test_requests_at_the_same_time_do_not_mix_their_ids(lines: Lines) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.001)
        logging.getLogger("inside").info(scope["path"])

    async def nothing(*arguments: Any) -> None: ...

    async def at_once() -> None:
        async with asyncio.TaskGroup() as group:
            for i in range(20):
                headers = [(b"x-request-id", str(i).encode())]
                scope = {**SCOPE, "path": str(i), "headers": headers}
                group.create_task(logs.RequestLog(app)(scope, nothing, nothing))  # type: ignore[arg-type]

    asyncio.run(at_once())
    inside = [line for line in lines() if line["logger"] == "inside"]
    assert len(inside) == 20
    assert all(line["request_id"] == line["message"] for line in inside)


# Any other line


@given(st.text(), st.dictionaries(st.sampled_from(["version", "where"]), st.text() | st.floats()))
@within
def test_whatever_is_logged_is_one_line_of_json(
    lines: Lines, message: str, fields: dict[str, Any]
) -> None:
    logging.getLogger("any").warning(message, extra={"fields": fields})
    [line] = lines()
    assert (line["logger"], line["level"], line["message"]) == ("any", "WARNING", message)
    assert set(fields) <= set(line)


def test_a_field_that_json_does_not_know_is_logged_as_text(lines: Lines) -> None:
    logging.getLogger("any").warning("odd", extra={"fields": {"where": io.BytesIO}})
    [line] = lines()
    assert "BytesIO" in line["where"]


def test_uvicorn_logs_through_ours(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 1)
    [line] = lines()
    assert line["message"] == "Started server process [1]"


def test_a_level_that_there_is_not_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIMENT_LOG_LEVEL", "LOUD")
    with pytest.raises(ValidationError, match="log_level"):
        Settings()

"""What becomes of requests in flight when the process is told to end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sentiment import model

BODY = b'{"text": "the film is superb"}'


@contextmanager
def served(model_dir: Path, port: int, patience: int) -> Iterator[subprocess.Popen[str]]:
    """The API as a process of its own, which has answered once."""
    command = [sys.executable, "-m", "uvicorn", "sentiment.api:app", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--timeout-graceful-shutdown", str(patience)],
        cwd=Path(model.__file__).parent.parent,
        env={**os.environ, "SENTIMENT_MODEL_DIR": str(model_dir)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: answers(port))
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.02)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/ready").status_code == 200
    except (httpx.NetworkError, httpx.RemoteProtocolError):  # refused, or reset while it closes
        return False


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def begin(port: int) -> socket.socket:
    """A request whose second half is still to come."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    head = f"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Length: {len(BODY)}\r\n"
    head += "Content-Type: application/json\r\nX-Request-ID: slow\r\n\r\n"
    connection.sendall(head.encode() + BODY[:10])
    time.sleep(0.2)  # until it has arrived, which nothing tells
    return connection


def ended(process: subprocess.Popen[str]) -> bool:
    # uvicorn ends by the signal that it was sent, but for process 1 of a container, which cannot
    # kill itself, and exits with 0
    return process.returncode in (0, -signal.SIGTERM)


def test_a_request_in_flight_is_answered_and_nothing_new_is_taken(kept: Path, port: int) -> None:
    with served(kept, port, patience=20) as process, begin(port) as connection:
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: not answers(port))
        assert process.poll() is None
        connection.sendall(BODY[10:])
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"positive" in answer

        logged, _ = process.communicate(timeout=15)
        assert ended(process)
    lines = [json.loads(line) for line in logged.splitlines()]
    assert [line["status"] for line in lines if line["request_id"] == "slow"] == [200]
    assert {line["logger"] for line in lines} == {"uvicorn.error", "sentiment.logs"}


def test_an_idle_process_ends_at_once(kept: Path, port: int) -> None:
    with served(kept, port, patience=20) as process, httpx.Client() as client:
        client.get(f"http://127.0.0.1:{port}/health")  # and keeps the connection open
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=15)
        assert ended(process)


def test_a_request_that_takes_too_long_is_cut_off(kept: Path, port: int) -> None:
    with served(kept, port, patience=1) as process, begin(port):
        process.send_signal(signal.SIGTERM)
        logged, _ = process.communicate(timeout=15)
        assert ended(process)
    assert all(json.loads(line) for line in logged.splitlines())

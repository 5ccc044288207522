"""`workbook load`: it goes on until the autoscaler has seen it, and says what failed and why."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat
from threading import Event, Thread
from typing import Any

import pytest

from workbook.measure import load
from workbook.measure.load import Load, under_load

SECONDS = 20


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (
        ("BETWEEN_LOOKS", 0.02),
        ("AFTER_FAILURE", 0.02),
        ("TO_GROW", SECONDS),
        ("TO_CALM", SECONDS),
    ):
        monkeypatch.setattr(load, f"SECONDS_{name}", seconds)


class Cluster:
    """A Deployment with so many replicas at each look, and its autoscaler.

    The first look waits for `asked`.
    """

    def __init__(self, *replicas: int, most: int = 5, asked: Event | None = None) -> None:
        self._replicas = chain(replicas, repeat(replicas[-1]))
        self._spec = {"minReplicas": 2, "maxReplicas": most}
        self._asked = asked

    def get_one(self, kind: str, name: str) -> dict[str, Any]:
        if kind == "hpa":
            return {"spec": self._spec, "status": {}}
        if self._asked:
            assert self._asked.wait(SECONDS)
        count = next(self._replicas)
        return {"status": {"replicas": count, "readyReplicas": count}}


@pytest.fixture
def statuses() -> list[int]:
    """What the first requests are answered with; all others are answered with 200."""
    return []


@pytest.fixture
def asked() -> Event:
    """A request has been answered with 200."""
    return Event()


@pytest.fixture
def address(statuses: list[int], asked: Event) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status = statuses.pop() if statuses else 200
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            if status == 200:
                asked.set()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def loaded(address: str, cluster: Any, seconds: float = 0.01) -> Load:
    shown = []
    done = under_load(
        address, cluster, callers=2, seconds=seconds, authority=None, show=shown.append
    )
    assert len(shown) == len(done.moments)
    return done


def test_the_load_goes_on_until_a_replica_is_added_and_the_watch_until_it_is_gone(
    address: str, asked: Event
) -> None:
    done = loaded(address, Cluster(2, 2, 2, 2, 3, 3, 3, 2, asked=asked))
    assert (done.fewest, done.most, done.last) == (2, 3, 2)
    assert [moment.ready for moment in done.moments] == [2, 2, 2, 2, 3, 3, 3, 2]
    assert done.seconds == done.moments[4].second
    assert any(moment.p95 for moment in done.moments)
    assert done.failed == 0


def test_an_autoscaler_that_may_not_add_one_is_not_waited_for(address: str) -> None:
    done = loaded(address, Cluster(2, most=2))
    assert done.most == 2
    assert done.seconds < load.SECONDS_TO_GROW


def test_an_autoscaler_that_does_nothing_is_given_up(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "SECONDS_TO_GROW", 0.1)
    assert loaded(address, Cluster(2)).most == 2


def test_what_failed_is_told_with_its_reason(
    address: str, statuses: list[int], asked: Event
) -> None:
    statuses += [503, 503, 500]
    done = loaded(address, Cluster(2, 3, 2, asked=asked))
    assert done.problems == {"status 503": 2, "status 500": 1}
    assert done.failed == 3
    assert done.summary().startswith("2 replicas, then 3, then 2; 3 failed (status 50")


def test_nobody_there_is_told_too() -> None:
    done = loaded("http://127.0.0.1:1", Cluster(2, most=2))
    assert list(done.problems) == ["ConnectionRefusedError"]

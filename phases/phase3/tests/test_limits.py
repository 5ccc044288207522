import asyncio
import json
from typing import Any

import pytest
from sentiment.limits import BodyLimit

LIMIT = 100
SCOPE = {"type": "http", "method": "POST", "path": "/", "headers": []}


class Upload:
    """A request whose body comes in chunks, and who asked for how many of them."""

    def __init__(self, *chunks: bytes, hangs_up: bool = False) -> None:
        self.events: list[dict[str, Any]] = [
            {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
        ]
        if hangs_up:
            self.events.append({"type": "http.disconnect"})
        else:
            self.events[-1]["more_body"] = False
        self.read = 0

    async def receive(self) -> dict[str, Any]:
        self.read += 1
        return self.events[self.read - 1]


class Seen:
    """The app behind the limit, and what arrives there and at the client."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.sent: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        assert not message.get("more_body", False)
        self.bodies.append(message["body"])

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int | None:
        return self.sent[0]["status"] if self.sent else None


def send(upload: Upload) -> Seen:
    seen = Seen()
    asyncio.run(BodyLimit(seen, LIMIT)(SCOPE, upload.receive, seen.send))
    return seen


@pytest.mark.parametrize(
    "chunks",
    [[b"x" * LIMIT], [b"x"] * LIMIT, [b"x" * 60, b"x" * 40], [b"", b"x" * LIMIT, b""]],
    ids=["at once", "byte by byte", "in two", "with empty chunks"],
)
def test_a_body_of_the_limit_arrives_whole(chunks: list[bytes]) -> None:
    assert send(Upload(*chunks)).bodies == [b"x" * LIMIT]


def test_an_empty_body_arrives() -> None:
    assert send(Upload(b"")).bodies == [b""]


@pytest.mark.parametrize(
    "chunks",
    [[b"x" * (LIMIT + 1)], [b"x"] * (LIMIT + 1), [b"x" * LIMIT, b"", b"x"]],
    ids=["at once", "byte by byte", "in the last chunk"],
)
def test_a_body_of_one_byte_more_is_answered_with_413_and_does_not_arrive(
    chunks: list[bytes],
) -> None:
    seen = send(Upload(*chunks))
    assert seen.bodies == []
    assert seen.status == 413
    assert str(LIMIT) in json.loads(seen.sent[1]["body"])["detail"]


def test_a_huge_body_is_not_read_beyond_the_chunk_that_exceeds_the_limit() -> None:
    upload = Upload(*[b"x" * 60] * 1_000)
    assert send(upload).status == 413
    assert upload.read == 2


def test_a_client_that_hangs_up_halfway_reaches_nothing_and_gets_nothing() -> None:
    seen = send(Upload(b"x", hangs_up=True))
    assert (seen.bodies, seen.sent) == ([], [])


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_what_is_not_a_request_passes_untouched(kind: str) -> None:
    arrived = []

    async def app(*arguments: Any) -> None:
        arrived.append(arguments)

    upload, seen = Upload(b"x" * (LIMIT + 1)), Seen()
    scope = {"type": kind}
    asyncio.run(BodyLimit(app, LIMIT)(scope, upload.receive, seen.send))
    assert arrived == [(scope, upload.receive, seen.send)]
    assert upload.read == 0


def test_only_the_client_can_hang_up() -> None:
    upload, seen = Upload(b"x"), Seen()
    upload.events.append({"type": "http.disconnect"})

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        assert (await receive())["type"] == "http.disconnect"

    asyncio.run(BodyLimit(app, LIMIT)(SCOPE, upload.receive, seen.send))
    assert upload.read == 2, "the app was told of it before the server was asked"

"""Questions at a steady rate from many connections, and whether /health answers meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import quantiles
from typing import NamedTuple

import httpx
from server import Server

CONNECTIONS = 64
RATE = 100  # questions a second, of all connections together
SECONDS_TO_ANSWER = 20  # longer than the database is frozen
SECONDS_BETWEEN_PROBES = 0.25
SECONDS_TO_PROBE = 1  # the kubelet waits no longer unless it is told to
TEXT = "The battery lasts all week and the sound is superb."


class Sample(NamedTuple):
    """One question."""

    began: float  # on the monotonic clock
    milliseconds: float
    ok: bool


@dataclass
class Samples:
    """What came of the questions, and of the probes beside them."""

    answers: list[Sample] = field(default_factory=list)
    probes: list[Sample] = field(default_factory=list)

    def between(self, start: float, end: float) -> "Samples":
        """Those that began in a span of time."""
        return Samples(
            *(
                [each for each in kind if start <= each.began < end]
                for kind in (self.answers, self.probes)
            )
        )

    @property
    def p99(self) -> float:
        return quantiles([each.milliseconds for each in self.answers], n=100)[98]

    @property
    def answered(self) -> int:
        return sum(each.ok for each in self.answers)


async def ask(server: Server, address: str, over: Callable[[], bool]) -> Samples:
    """Ask until it is over; each connection has its turn, whatever the others wait for."""
    samples = Samples()
    every = CONNECTIONS / RATE

    async def questions(number: int) -> None:
        async with _client(address, SECONDS_TO_ANSWER) as client:
            await asyncio.sleep(number / RATE)
            while not over():
                sample = await _timed(client.post(server.path, json=server.question(TEXT)))
                samples.answers.append(sample)
                await asyncio.sleep(max(0, sample.began + every - time.monotonic()))

    async def probes() -> None:
        while not over():
            async with _client(address, SECONDS_TO_PROBE) as client:
                samples.probes.append(await _timed(client.get(server.health)))
            await asyncio.sleep(SECONDS_BETWEEN_PROBES)

    async with asyncio.TaskGroup() as group:
        group.create_task(probes())
        for number in range(CONNECTIONS):
            group.create_task(questions(number))
    return samples


async def at_once(servers: list[tuple[Server, str]], questions: int) -> Samples:
    """Wait until all servers are up, and ask each of them so many questions at the same time."""
    async with AsyncExitStack() as stack:
        clients = [
            (server, await stack.enter_async_context(_client(address, SECONDS_TO_ANSWER)))
            for server, address in servers
        ]
        await asyncio.gather(*(healthy(client, server) for server, client in clients))
        asked = (
            _timed(client.post(server.path, json=server.question(TEXT)))
            for _ in range(questions)
            for server, client in clients
        )
        return Samples(await asyncio.gather(*asked))


async def healthy(client: httpx.AsyncClient, server: Server) -> None:
    """Wait until /health answers."""
    while not (await _timed(client.get(server.health))).ok:
        await asyncio.sleep(0.02)


async def seconds_to_health(server: Server, address: str, most: float) -> float | None:
    """How long it takes until /health answers; None if it takes longer than `most`."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(most), _client(address, most) as client:
            await healthy(client, server)
    except TimeoutError:
        return None
    return time.monotonic() - began


def _client(address: str, timeout: float) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=CONNECTIONS)
    return httpx.AsyncClient(base_url=address, timeout=timeout, trust_env=False, limits=limits)


async def _timed(question: Awaitable[httpx.Response]) -> Sample:
    began = time.monotonic()
    try:
        ok = (await question).status_code == 200
    except httpx.HTTPError:
        ok = False
    return Sample(began, (time.monotonic() - began) * 1e3, ok)

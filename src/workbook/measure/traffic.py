"""Predictions sent at a steady rate while something happens to the service, with each outcome.

Every request opens its own connection, as callers behind a load balancer do. A connection that is
kept open would stay with its first pod, and see nothing of the other pods.
"""

import asyncio
import ssl
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from workbook.learner.store import kept, moment, read_state, write_json
from workbook.targets.kubernetes import Facts

RATE = 20  # requests a second
SECONDS_AROUND = 2  # of traffic before the command and after it
SECONDS_TO_ANSWER = 10
SECONDS_FOR_THE_COMMAND = 3600  # a cluster on Azure takes half of it to be made again
TEXT = "The battery lasts all week and the sound is superb."


@kept
@dataclass
class Traffic:
    """The requests that were sent while a command ran."""

    command: list[str]
    started: str
    request_ids: str  # what the id of each begins with
    before: Facts
    after: Facts
    seconds: float = 0  # that the command took
    status: int = 0  # of the command
    # seconds since the start, milliseconds to the answer, what went wrong or ""
    samples: list[tuple[float, float, str]] = field(default_factory=list)
    system: dict[str, str] = field(default_factory=dict)  # that it was made on: see system_of

    def __post_init__(self) -> None:
        datetime.fromisoformat(self.started)

    @property
    def failed(self) -> list[str]:
        return [problem for _, _, problem in self.samples if problem]

    def summary(self) -> str:
        slowest = max((ms for _, ms, _ in self.samples), default=0)
        problems = ", ".join(sorted(set(self.failed)))
        return (
            f"{len(self.samples)} requests, {len(self.failed)} failed"
            + (f" ({problems})" if problems else "")
            + f", slowest {slowest:.0f} ms"
        )


def file_of(state: Path, name: str) -> Path:
    return state / f"traffic-{name}.json"


def read_traffic(state: Path, name: str) -> Traffic | None:
    """What was recorded under that name, if anything was."""
    return read_state(file_of(state, name), Traffic)


def write_traffic(state: Path, name: str, traffic: Traffic) -> None:
    write_json(file_of(state, name), asdict(traffic))


def under_traffic(
    name: str,
    address: str,
    command: list[str],
    facts: Callable[[], Facts],
    *,
    rate: int = RATE,
    seconds_to_answer: float = SECONDS_TO_ANSWER,
    authority: str | None = None,
) -> Traffic:
    """Run a command while predictions are sent to the address.

    Args:
        name: what the ids of the requests begin with.
        address: of the service.
        command: what is done to it meanwhile.
        facts: returns what the service consists of; called before and afterwards.
        rate: predictions a second.
        seconds_to_answer: how long an answer may take until the request counts as failed.
        authority: file of the authority that signs for the address; None for a public one.

    Raises:
        OSError: the command cannot be started.
    """
    started = moment()
    request_ids = f"{name}-{time.time_ns()}-"
    traffic = Traffic(command, started, request_ids, before=facts(), after=Facts())
    options: dict[str, Any] = {
        "timeout": seconds_to_answer,
        "trust_env": False,
        "verify": ssl.create_default_context(cafile=authority),
        "limits": httpx.Limits(max_connections=None, max_keepalive_connections=0),
    }
    asyncio.run(_send_during(traffic, f"{address}/predict", rate, options))
    traffic.after = facts()
    return traffic


async def _send_during(traffic: Traffic, url: str, rate: int, options: dict[str, Any]) -> None:
    ended = asyncio.Event()
    async with httpx.AsyncClient(**options) as client:
        sender = asyncio.create_task(_send(client, url, traffic, rate, ended))
        await asyncio.sleep(SECONDS_AROUND)
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(*traffic.command, stdin=subprocess.DEVNULL)
        try:
            traffic.status = await asyncio.wait_for(process.wait(), SECONDS_FOR_THE_COMMAND)
        except TimeoutError:
            process.kill()
            traffic.status = await process.wait()
        traffic.seconds = round(time.monotonic() - began, 1)
        await asyncio.sleep(SECONDS_AROUND)
        ended.set()
        await sender


async def _send(
    client: httpx.AsyncClient, url: str, traffic: Traffic, rate: int, ended: asyncio.Event
) -> None:
    """Send at the rate, whatever the answers take, until the end; then wait for those under way."""
    start = time.monotonic()

    async def one(number: int) -> None:
        sent = time.monotonic()
        problem = ""
        headers = {"X-Request-ID": f"{traffic.request_ids}{number}"}
        try:
            response = await client.post(url, json={"text": TEXT}, headers=headers)
            if response.status_code != httpx.codes.OK:
                problem = f"status {response.status_code}"
        except httpx.HTTPError as error:
            problem = type(error).__name__
        took = 1000 * (time.monotonic() - sent)
        traffic.samples.append((round(sent - start, 3), round(took, 1), problem))

    async with asyncio.TaskGroup() as under_way:
        count = 0
        while not ended.is_set():
            count += 1
            under_way.create_task(one(count))
            await asyncio.sleep(max(0, start + count / rate - time.monotonic()))

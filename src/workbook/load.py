"""Load: as many predictions as some callers can send, and what the autoscaler does about it.

Traffic (traffic.py) asks what an event costs, at a rate that the service bears with ease. This asks
how the service grows: each caller keeps its connection and asks again as soon as it has its answer.
"""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx

from workbook.kubernetes import APP, Kubernetes
from workbook.phase import read_json, write_json
from workbook.traffic import TEXT

SECONDS_BETWEEN_LOOKS = 2
SECONDS_TO_ANSWER = 30
SECONDS_AFTER_FAILURE = 1  # or callers who are refused at once would keep the machine busy
SECONDS_TO_GROW = 240  # more of load, where the autoscaler has not added a replica by then
SECONDS_TO_CALM = 360  # after the load, until the autoscaler has taken away what it added


@dataclass
class Moment:
    """What was seen at one moment."""

    second: float  # since the load began
    replicas: int  # that the Deployment has
    ready: int  # of them
    cpu: int | None  # per cent of what they request, as the autoscaler reads it; None: unknown
    answers: int  # since the moment before, in a second
    p95: float  # of them, milliseconds; 0 where there were none
    failed: int


@dataclass
class Load:
    """A load on the service, and what became of its replicas."""

    started: str
    callers: int
    seconds: float
    fewest: int  # replicas that the autoscaler keeps
    moments: list[dict[str, Any]] = field(default_factory=list)  # each a Moment
    problems: dict[str, int] = field(default_factory=dict)  # requests that failed, by reason

    @property
    def most(self) -> int:
        """Replicas that were ready at once, at most."""
        return max((moment["ready"] for moment in self.moments), default=0)

    @property
    def last(self) -> int:
        """Replicas at the end."""
        return self.moments[-1]["replicas"] if self.moments else 0

    @property
    def failed(self) -> int:
        return sum(self.problems.values())

    def summary(self) -> str:
        first = self.moments[0]["ready"] if self.moments else 0
        reasons = f" ({', '.join(self.problems)})" if self.problems else ""
        return (
            f"{first} replicas, then {self.most}, then {self.last}; {self.failed} failed{reasons}"
        )


def file_of(state: Path, name: str) -> Path:
    return state / f"load-{name}.json"


def read_load(state: Path, name: str) -> Load | None:
    """What was recorded under that name, if anything was."""
    try:
        return Load(**read_json(file_of(state, name)) or {})
    except TypeError:
        return None


def write_load(state: Path, name: str, load: Load) -> None:
    write_json(file_of(state, name), asdict(load))


def under_load(
    address: str,
    cluster: Kubernetes,
    *,
    callers: int,
    seconds: float,
    authority: str | None,
    show: Callable[[Moment], object],
) -> Load:
    """Load the service, then wait until the autoscaler has gone back to its fewest replicas.

    The load goes on beyond its time while no replica has been added: a busy machine measures late.

    Args:
        address: of the service.
        cluster: where its autoscaler is.
        callers: how many ask at once.
        seconds: of load, at least.
        authority: file with the certificate that vouches for the address; None for a public one.
        show: is told of every moment.
    """
    scaler = cluster.get_one("hpa", APP) or {"spec": {}}
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    fewest = scaler["spec"].get("minReplicas", 1)
    may_grow = scaler["spec"].get("maxReplicas", 1) > fewest
    load = Load(started, callers, seconds, fewest)
    longest = seconds + (SECONDS_TO_GROW if may_grow else 0)
    asyncio.run(_run(load, longest, address, cluster, authority, show))
    return load


async def _run(
    load: Load,
    longest: float,
    address: str,
    cluster: Kubernetes,
    authority: str | None,
    show: Callable[[Moment], object],
) -> None:
    began = looked = time.monotonic()
    times: list[float] = []
    problems: list[str] = []

    def look() -> Moment:
        nonlocal looked
        answered, failed = times[:], problems[:]
        del times[: len(answered)], problems[: len(failed)]
        load.problems = dict(Counter(load.problems) + Counter(failed))
        before, looked = looked, time.monotonic()
        deployment = cluster.get_one("deployments", APP) or {"status": {}}
        return Moment(
            second=round(looked - began, 1),
            replicas=deployment["status"].get("replicas", 0),
            ready=deployment["status"].get("readyReplicas", 0),
            cpu=cpu_of(cluster),
            answers=round(len(answered) / (looked - before)),
            p95=round(quantiles(answered, n=20)[-1], 1) if len(answered) > 1 else 0,
            failed=len(failed),
        )

    async def moment() -> Moment:
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        seen = await asyncio.to_thread(look)
        load.moments.append(asdict(seen))
        show(seen)
        return seen

    over = asyncio.Event()
    context = ssl.create_default_context(cafile=authority)
    senders = [
        asyncio.create_task(_ask_until(over, f"{address}/predict", context, times, problems))
        for _ in range(load.callers)
    ]
    while True:
        second = (await moment()).second
        if second >= load.seconds and (load.most > load.fewest or second >= longest):
            break
    over.set()
    await asyncio.gather(*senders)
    load.seconds = second
    while True:
        seen = await moment()
        if seen.replicas <= load.fewest or seen.second >= load.seconds + SECONDS_TO_CALM:
            break


async def _ask_until(
    over: asyncio.Event, url: str, context: ssl.SSLContext, times: list[float], problems: list[str]
) -> None:
    """One caller, with a connection of its own: a client that all share costs thrice the time."""
    async with httpx.AsyncClient(
        timeout=SECONDS_TO_ANSWER, trust_env=False, verify=context
    ) as client:
        while not over.is_set():
            sent = time.monotonic()
            try:
                response = await client.post(url, json={"text": TEXT})
                status = response.status_code
                problem = "" if status == httpx.codes.OK else f"status {status}"
            except httpx.HTTPError as error:
                problem = type(error).__name__
            if problem:
                problems.append(problem)
                await asyncio.sleep(SECONDS_AFTER_FAILURE)
            else:
                times.append(1000 * (time.monotonic() - sent))


def cpu_of(cluster: Kubernetes) -> int | None:
    """What the autoscaler reads, in per cent of the request; None where it reads nothing."""
    scaler = cluster.get_one("hpa", APP) or {"status": {}}
    for metric in scaler["status"].get("currentMetrics") or []:
        current: int | None = (
            metric.get("resource", {}).get("current", {}).get("averageUtilization")
        )
        if current is not None:
            return current
    return None

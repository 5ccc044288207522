"""Load: as many predictions as some callers can send, and what the autoscaler does about it.

Traffic (traffic.py) asks what an event costs, at a rate that the service bears with ease. This asks
how the service grows: each caller keeps its connection and asks again as soon as it has its answer.
"""

import json
import ssl
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from statistics import quantiles
from threading import Event
from urllib.parse import urlsplit

from workbook.learner.store import kept, moment, read_state, write_json
from workbook.measure.traffic import TEXT
from workbook.targets.kubernetes import APP, Kubernetes

SECONDS_BETWEEN_LOOKS = 2
SECONDS_TO_ANSWER = 30
SECONDS_AFTER_FAILURE = 1  # or callers who are refused at once would keep the machine busy
SECONDS_TO_GROW = 240  # more of load, where the autoscaler has not added a replica by then
SECONDS_TO_CALM = 360  # after the load, until the autoscaler has taken away what it added


@kept
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


@kept
@dataclass
class Load:
    """A load on the service, and what became of its replicas."""

    started: str
    callers: int
    seconds: float
    fewest: int  # replicas that the autoscaler keeps
    moments: list[Moment] = field(default_factory=list)
    problems: dict[str, int] = field(default_factory=dict)  # requests that failed, by reason
    system: dict[str, str] = field(default_factory=dict)  # that it was made on: see system_of

    def __post_init__(self) -> None:
        datetime.fromisoformat(self.started)

    @property
    def most(self) -> int:
        """Replicas that were ready at once, at most."""
        return max((moment.ready for moment in self.moments), default=0)

    @property
    def last(self) -> int:
        """Replicas at the end."""
        return self.moments[-1].replicas if self.moments else 0

    @property
    def failed(self) -> int:
        return sum(self.problems.values())

    def summary(self) -> str:
        first = self.moments[0].ready if self.moments else 0
        reasons = f" ({', '.join(self.problems)})" if self.problems else ""
        return (
            f"{first} replicas, then {self.most}, then {self.last}; {self.failed} failed{reasons}"
        )


def file_of(state: Path, name: str) -> Path:
    return state / f"load-{name}.json"


def read_load(state: Path, name: str) -> Load | None:
    """What was recorded under that name, if anything was."""
    return read_state(file_of(state, name), Load)


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
        authority: file of the authority that signs for the address; None for a public one.
        show: called with of every moment.
    """
    scaler = cluster.get_one("hpa", APP) or {"spec": {}}
    started = moment()
    fewest = scaler["spec"].get("minReplicas", 1)
    may_grow = scaler["spec"].get("maxReplicas", 1) > fewest
    load = Load(started, callers, seconds, fewest)
    longest = seconds + (SECONDS_TO_GROW if may_grow else 0)
    _run(load, longest, address, cluster, authority, show)
    return load


def _run(
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

    def moment() -> Moment:
        nonlocal looked
        time.sleep(SECONDS_BETWEEN_LOOKS)
        answered, failed = times[:], problems[:]
        del times[: len(answered)], problems[: len(failed)]
        load.problems = dict(Counter(load.problems) + Counter(failed))
        before, looked = looked, time.monotonic()
        deployment = cluster.get_one("deployments", APP) or {"status": {}}
        seen = Moment(
            second=round(looked - began, 1),
            replicas=deployment["status"].get("replicas", 0),
            ready=deployment["status"].get("readyReplicas", 0),
            cpu=cpu_of(cluster),
            answers=round(len(answered) / (looked - before)),
            p95=round(quantiles(answered, n=20)[-1], 1) if len(answered) > 1 else 0,
            failed=len(failed),
        )
        load.moments.append(seen)
        show(seen)
        return seen

    over = Event()
    context = ssl.create_default_context(cafile=authority)
    with ThreadPoolExecutor(load.callers) as pool:
        callers = [
            pool.submit(_ask_until, over, address, context, times, problems)
            for _ in range(load.callers)
        ]
        try:
            while True:
                second = moment().second
                if second >= load.seconds and (load.most > load.fewest or second >= longest):
                    break
        finally:
            over.set()
    for caller in callers:
        caller.result()  # raises what nobody has thought of
    load.seconds = second
    while True:
        seen = moment()
        if seen.replicas <= load.fewest or seen.second >= load.seconds + SECONDS_TO_CALM:
            break


def _ask_until(
    over: Event, address: str, context: ssl.SSLContext, times: list[float], problems: list[str]
) -> None:
    """One caller, with a connection of its own.

    By http.client, since httpx takes more of a processor for each request than the API does: where
    both share a machine, it would be the caller that is loaded.
    """
    where = urlsplit(address)
    connection = (
        HTTPSConnection(where.netloc, timeout=SECONDS_TO_ANSWER, context=context)
        if where.scheme == "https"
        else HTTPConnection(where.netloc, timeout=SECONDS_TO_ANSWER)
    )
    body, headers = json.dumps({"text": TEXT}), {"Content-Type": "application/json"}
    with closing(connection):
        while not over.is_set():
            sent = time.monotonic()
            try:
                connection.request("POST", "/predict", body, headers)
                with connection.getresponse() as response:
                    response.read()
                problem = "" if response.status == HTTPStatus.OK else f"status {response.status}"
            except (OSError, HTTPException) as error:
                problem = type(error).__name__
                connection.close()  # the next request opens a new one
            if problem:
                problems.append(problem)
                over.wait(SECONDS_AFTER_FAILURE)
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

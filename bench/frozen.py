"""Count what a frozen database costs, and an empty one at which three processes start at once.

See docs/outages-database.md, which this writes.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import asking
import database
import environments
import guide
from report import machine
from server import LoadError, launched
from subjects import GUIDES, ROOT, Subject, prepared

SECONDS = 10  # well, and then frozen
SECONDS_TO_HEALTH = 20  # of the start, in which the database stays frozen
SECONDS_TO_CATCH_UP = 10
OURS = ("phase 2 + log", "phase 4 + log")
REPLICAS = 3
FIRST = 40  # questions at once to each of them
TIMES = 5


@dataclass
class Frozen:
    """What a frozen database cost."""

    subject: str
    asked: int  # while it was frozen
    failed: int
    before: float | None  # p99 in milliseconds before that
    p99: float | None  # of those asked while it was frozen
    probes: int
    silent: int  # probes of /health without an answer
    lost: int  # of all answers
    health: float | None = None  # seconds to the first answer of /health


@dataclass
class Empty:
    """What an empty database cost."""

    subject: str
    asked: int
    failed: int
    lost: int


def frozen_under_load(name: str, subject: Subject, postgres: Any, log: Path) -> Frozen:
    """Freeze it after some seconds, and let it go on some seconds later."""
    assert subject.rows is not None
    had = subject.rows()
    with launched(subject.server, log) as (_, address):
        if asyncio.run(asking.seconds_to_health(subject.server, address, 60)) is None:
            raise LoadError(f"{name} does not answer")

        async def run() -> tuple[float, float, asking.Samples]:
            over = asyncio.Event()
            asked = asyncio.create_task(asking.ask(subject.server, address, over.is_set))
            await asyncio.sleep(SECONDS)
            with postgres.frozen():
                began = time.monotonic()
                await asyncio.sleep(SECONDS)
                ended = time.monotonic()
            await asyncio.sleep(SECONDS / 2)
            over.set()
            return began, ended, await asked

        began, ended, samples = asyncio.run(run())
        lost = _lost(subject.rows, had, samples.answered)
    # what was asked in the last second before may not have been answered yet
    well, frozen = samples.between(0, began - 1), samples.between(began, ended)
    return _found(name, frozen, well.p99, lost)


def frozen_before_start(name: str, subject: Subject, postgres: Any, log: Path) -> Frozen:
    """Start it while the database is frozen, and ask it as soon as it answers."""
    assert subject.rows is not None
    had = subject.rows()
    with ExitStack() as stack:
        thaw = stack.enter_context(ExitStack())
        thaw.enter_context(postgres.frozen())
        _, address = stack.enter_context(launched(subject.server, log))
        health = asyncio.run(asking.seconds_to_health(subject.server, address, SECONDS_TO_HEALTH))
        frozen = asking.Samples()
        lost = 0
        if health is not None:

            async def run() -> tuple[float, asking.Samples]:
                over = asyncio.Event()
                asked = asyncio.create_task(asking.ask(subject.server, address, over.is_set))
                await asyncio.sleep(SECONDS)
                ended = time.monotonic()
                thaw.close()
                over.set()
                return ended, await asked

            ended, samples = asyncio.run(run())
            frozen = samples.between(0, ended)
            lost = _lost(subject.rows, had, samples.answered)
    return _found(name, frozen, None, lost, health)


def empty(name: str, subject: Subject, postgres: Any, folder: Path) -> Empty:
    """Start three at once at a database without a table, again and again."""
    assert subject.rows is not None
    cost = Empty(name, 0, 0, 0)
    for _ in range(TIMES):
        base = GUIDES[name][0] if name in GUIDES else "predictions"
        postgres.ask("DROP TABLE IF EXISTS predictions, migrations", database=base)
        with ExitStack() as stack:
            servers = [
                (subject.server, stack.enter_context(launched(subject.server, folder / f"{n}"))[1])
                for n in range(REPLICAS)
            ]
            # each replica brings its migration along, in the same moment
            migrations = [_migration(postgres) for _ in range(REPLICAS) if name in OURS]
            samples = asyncio.run(asking.at_once(servers, FIRST))
            if any(migration.wait() for migration in migrations):
                raise LoadError("a migration failed")
            cost.asked += len(samples.answers)
            cost.failed += len(samples.answers) - samples.answered
            cost.lost += _lost(subject.rows, 0, samples.answered)
    return cost


def _migration(postgres: Any) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **postgres.environment(database.OWNER)}
    command = [sys.executable, "-m", "sentiment.migrate"]
    return subprocess.Popen(command, cwd=database.PHASE, env=environment, stdout=subprocess.DEVNULL)


def _found(
    name: str, samples: asking.Samples, before: float | None, lost: int, health: float | None = None
) -> Frozen:
    return Frozen(
        name,
        asked=len(samples.answers),
        failed=len(samples.answers) - samples.answered,
        before=before,
        p99=samples.p99 if samples.answers else None,
        probes=len(samples.probes),
        silent=sum(not probe.ok for probe in samples.probes),
        lost=lost,
        health=health,
    )


def _lost(rows: Callable[[], int], had: int, answered: int) -> int:
    """Answers without a row, when everything has had its time to be written."""
    deadline = time.monotonic() + SECONDS_TO_CATCH_UP
    while (missing := answered - rows() + had) > 0 and time.monotonic() < deadline:
        time.sleep(0.5)
    return max(0, missing)  # a row may be written, and its answer have failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--brief", type=Path, help="the guide, to count its phases 2 and 6 too")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "outages-database.md")
    options = parser.parse_args()
    before = machine()
    names = [*OURS, *(GUIDES if options.brief else ())]
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        with prepared(names, options.brief, folder) as (subjects, _, postgres):
            load, start, none = [], [], []
            for name, subject in subjects.items():
                load.append(frozen_under_load(name, subject, postgres, folder / "log"))
                print(load[-1], flush=True)
                start.append(frozen_before_start(name, subject, postgres, folder / "log"))
                print(start[-1], flush=True)
                none.append(empty(name, subject, postgres, folder))
                print(none[-1], flush=True)
    options.out.write_text(page(load, start, none, before), encoding="utf-8")
    print(f"wrote {options.out}")
    return 0


def page(load: list[Frozen], start: list[Frozen], none: list[Empty], before: str) -> str:
    """The page of the docs."""
    parts = [
        "# What a frozen or empty database costs",
        f"Measured on {date.today():%d %B %Y} by `bench/frozen.py`, which wrote this page. One "
        "process of the API, beside a PostgreSQL, both on the machine that asks. A frozen server "
        "accepts connections, since the system does that for it, and never answers (SIGSTOP).",
        f"{asking.CONNECTIONS} connections ask {asking.RATE} questions a second together, and "
        f"`/health` is asked every {asking.SECONDS_BETWEEN_PROBES:g} s. *Silent*: probes that had "
        f"no answer within {asking.SECONDS_TO_PROBE} s. *Failed*: no answer within "
        f"{asking.SECONDS_TO_ANSWER} s, or another one than 200. *Rows lost*: answers that are not "
        f"in the table {SECONDS_TO_CATCH_UP} s after the database goes on.",
        f"## Frozen for {SECONDS} s under load",
        _table(
            "asked while frozen | failed | p99 ms before | p99 ms frozen | probes | silent "
            "| rows lost",
            [
                (c.subject, c.asked, c.failed, c.before, c.p99, c.probes, c.silent, c.lost)
                for c in load
            ],
        ),
        "## Frozen before the start",
        _table(
            "s to the first /health | asked while frozen | failed | p99 ms | probes | silent "
            "| rows lost",
            [
                (c.subject, c.health, c.asked, c.failed, c.p99, c.probes, c.silent, c.lost)
                for c in start
            ],
        ),
        f"*-*: `/health` did not answer within {SECONDS_TO_HEALTH} s, so that nothing was asked.",
        f"## Empty, and {REPLICAS} processes start at once",
        _table(
            "asked | failed | rows lost", [(c.subject, c.asked, c.failed, c.lost) for c in none]
        ),
        f"{TIMES} times, {FIRST} questions at once to each process in the moment in which all are "
        "up. Each of ours brings a migration along, which begins at the same time; the guide's "
        "phase 2 makes its table in each request, and its phase 6 not at all, if all goes well.",
        f"{before}.",
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: str, rows: list[tuple[Any, ...]]) -> str:
    columns = head.count("|") + 1
    lines = [f"| | {head} |", f"| --- |{' ---: |' * columns}"]
    for name, *values in rows:
        cells = [
            "-" if value is None else f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
            for value in values
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (LoadError, guide.GuideError, environments.InstallError) as error:
        sys.exit(str(error))

"""Measure what an answer costs in each phase, beside the guide's phases and other servers.

See docs/benchmarks.md, which this writes, for the method.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import database
import environments
import guide
import psutil
from machine import machine
from phases_page import BARE, Cells, page
from server import Load, LoadError, find_wrk, measure, started, write_bodies
from subjects import PHASES, ROOT, Subject, prepared

HERE = Path(__file__).resolve().parent
CONNECTIONS = (1, 8, 64)
WARM_UP_SECONDS = 1


def main() -> int:
    options = parse()
    find_wrk()
    before = machine()
    cells: Cells = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        subjects, own, postgres = stack.enter_context(
            prepared(options.subjects, options.brief, folder)
        )
        texts = (HERE / "questions.txt").read_text("utf-8").splitlines()
        bodies = {
            name: write_bodies(subject.server, texts, folder / f"{number}.bodies")
            for number, (name, subject) in enumerate(subjects.items())
        }
        beside = database.process(postgres)
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}, load {os.getloadavg()[0]:.1f}")
            for cell, load in measured(number, subjects, bodies, beside, options, folder):
                cells.setdefault(cell, []).append(load)
                print(f"  {cell[0]:24}{cell[1]:4}{load.cpu_ms:8.3f} ms", flush=True)
            for name, load in bare(own, next(iter(bodies.values())), options.seconds).items():
                cells.setdefault((name, 0), []).append(load)
    options.out.write_text(page(cells, options, before), encoding="utf-8")
    print(f"wrote {options.out}")
    return 1 if any(load.errors for loads in cells.values() for load in loads) else 0


def measured(
    number: int,
    subjects: dict[str, Subject],
    bodies: dict[str, Path],
    beside: psutil.Process,
    options: argparse.Namespace,
    folder: Path,
) -> Any:
    """Start all servers afresh, and load one after the other, every second round backwards; so
    neighbours, which are compared, are loaded close to one another in time in each round."""
    names = [*subjects] if number % 2 == 0 else [*reversed(subjects)]
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(started(subjects[name].server, folder / f"{name}.log"))
            for name in names
        }
        for name, (process, address) in running.items():
            measure(process, address, bodies[name], 8, WARM_UP_SECONDS)
        for connections in options.connections:
            for name, (process, address) in running.items():
                rows = subjects[name].rows
                had = rows() if rows else 0
                load = measure(process, address, bodies[name], connections, options.seconds, beside)
                yield (name, connections), replace(load, rows=rows() - had if rows else None)


def bare(own: dict[str, str], bodies: Path, seconds: float) -> dict[str, Load]:
    """Phase 4's model with no server around it."""
    command = [sys.executable, str(HERE / "bare.py"), str(bodies), str(seconds)]
    folder = PHASES / "phase4"
    done = subprocess.run(
        command,
        env={**own, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    return {name: Load(**found[way], p50_ms=0, p99_ms=0, errors=0) for way, name in BARE.items()}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("subjects", nargs="*", help="what to measure (everything)")
    parser.add_argument("--brief", type=Path, help="the guide, to measure its phases too")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--connections", type=int, nargs="+", default=list(CONNECTIONS))
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (LoadError, guide.GuideError, environments.InstallError) as error:
        sys.exit(str(error))

"""Measure `POST /predict` of phase 0, beside the guide's own code and the bare model.

See docs/benchmarks.md, which this writes, for the method.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import environments
import guide
from platformdirs import user_cache_path
from report import FLOOR, GUIDE, OURS, OURS_LOGGED, Cell, machine, render
from server import Load, LoadError, Server, find_wrk, measure, started, uvicorn

ROOT = Path(__file__).resolve().parents[1]
PHASE = ROOT / "phases" / "phase0"
HERE = Path(__file__).resolve().parent
CONNECTIONS = (1, 8, 64)
WARM_UP_SECONDS = 1


@dataclass(frozen=True)
class Options:
    """What the caller chose."""

    brief: Path | None
    rounds: int
    seconds: int
    out: Path
    cache: Path


@dataclass(frozen=True)
class Run:
    """What is ready to be measured."""

    servers: dict[str, Server]
    environment: dict[str, str]  # of our own processes
    bodies: Path
    folder: Path
    seconds: int

    def round(self, number: int) -> Generator[Cell]:
        """Start every server afresh, and load one after the other, the closest in time being
        those that are compared: all of them with 1 connection, then all with 8, then with 64."""
        names = list(self.servers)
        shift = number % len(names)
        names = names[shift:] + names[:shift]
        with ExitStack() as stack:
            running = {
                name: stack.enter_context(started(self.servers[name], self.folder / f"{name}.log"))
                for name in names
            }
            for process, address in running.values():
                measure(process, address, self.bodies, 8, WARM_UP_SECONDS)
            for connections in CONNECTIONS:
                for name, (process, address) in running.items():
                    load = measure(process, address, self.bodies, connections, self.seconds)
                    yield Cell(number, name, connections, load)
        yield Cell(number, FLOOR, 0, self._floor())

    def _floor(self) -> Load:
        command = [sys.executable, str(HERE / "floor.py"), str(self.bodies), str(self.seconds)]
        environment = {**self.environment, "PYTHONPATH": str(PHASE)}
        return Load(**json.loads(_ask(command, environment)))


def main() -> int:
    """Measure, and write the page."""
    options = _options()
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            return _measure(options, Path(name))
    except (LoadError, guide.GuideError, environments.InstallError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; its servers are ended, and nothing is written", file=sys.stderr)
        return 130


def _measure(options: Options, folder: Path) -> int:
    find_wrk()
    before = machine()
    pins: list[str] = []
    source = None
    if options.brief is not None:
        source = guide.cut(options.brief)
        pins = source.pins
    run = _prepare(options, folder, source)

    cells: list[Cell] = []
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", flush=True)
        with closing(run.round(number)) as measured:  # ends the servers if we are stopped
            for cell in measured:
                _say(cell)
                cells.append(cell)

    page = render(cells, machine=before, seconds=options.seconds, rounds=options.rounds, pins=pins)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page, encoding="utf-8")
    print(f"wrote {options.out}")
    failures = sum(cell.load.errors for cell in cells)
    if failures:
        print(f"{failures:,} errors: do not use these figures", file=sys.stderr)
    return 1 if failures else 0


def _prepare(options: Options, folder: Path, source: guide.Source | None) -> Run:
    """Train the models, and know how to start what is measured."""
    bodies = folder / "bodies"
    questions = (HERE / "questions.txt").read_text(encoding="utf-8").splitlines()
    bodies.write_text("".join(json.dumps({"text": q}) + "\n" for q in questions), encoding="utf-8")

    print("training our model", flush=True)
    # The defaults are measured, not what the caller has set; only the download may lie elsewhere.
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SENTIMENT_") or name == "SENTIMENT_DATA_DIR"
    }
    own["SENTIMENT_MODEL_DIR"] = str(folder / "model")
    _ask([sys.executable, "-m", "sentiment.train"], own)

    api = "sentiment.api:app"
    silent = uvicorn(sys.executable, api, "--no-access-log")
    servers = {
        OURS: Server(silent, PHASE, own),
        OURS_LOGGED: Server(uvicorn(sys.executable, api), PHASE, own),
    }
    if source is not None:
        print("preparing the guide's phase-0 code", flush=True)
        guide.write(source, folder / "guide")
        python = guide.install(source, options.cache)
        guide.train(python, folder / "guide")
        command = uvicorn(python, "src.api.main:app")
        plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        servers[GUIDE] = Server(command, folder / "guide", plain)
    return Run(servers, own, bodies, folder, options.seconds)


def _ask(command: list[str], environment: dict[str, str]) -> str:
    """Run a command in the phase's folder, and return what it prints."""
    done = subprocess.run(command, cwd=PHASE, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or ["it gave no reason"]
        raise LoadError(f"{' '.join(command[1:3])} failed: {reason[0]}")
    return done.stdout


def _say(cell: Cell) -> None:
    load = cell.load
    connections = f"{cell.connections} connections" if cell.connections else ""
    line = f"  {cell.subject:26}{connections:>15}{load.cpu_ms:7.2f} CPU ms per answer"
    line += f"{load.per_second:8,.0f} answers per second"
    print(line + (f"  {load.errors:,} ERRORS" if load.errors else ""), flush=True)


def _options() -> Options:
    parser = argparse.ArgumentParser(
        description="Measure POST /predict of phase 0 at 1, 8 and 64 connections, and write "
        "docs/benchmarks.md. Traffic stays on 127.0.0.1. Needs wrk.",
        epilog="example: .venv/bin/python bench/predict.py --brief ~/guide.md --rounds 3",
    )
    parser.add_argument(
        "--brief",
        type=Path,
        metavar="PATH",
        help="the Markdown file of the guide, to measure its phase-0 code too (needs Python 3.11, "
        "installs the guide's versions into a virtual environment of its own)",
    )
    parser.add_argument("--rounds", type=_positive, default=5, help="rounds (5)")
    parser.add_argument(
        "--seconds", type=_positive, default=5, help="length of each load in seconds (5)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=ROOT / "docs" / "benchmarks.md",
        metavar="PATH",
        help="the page to write (docs/benchmarks.md)",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=user_cache_path("workbook") / "bench",
        metavar="FOLDER",
        help="where the guide's virtual environment is kept (the user's cache folder)",
    )
    return Options(**vars(parser.parse_args()))


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


if __name__ == "__main__":
    sys.exit(main())

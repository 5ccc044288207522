"""Measure what an answer costs in each phase, with the prediction log and without it.

See docs/benchmarks-phases.md, which this writes, for the method.
"""

import argparse
import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import guide
from platformdirs import user_cache_path
from report import machine
from server import Load, LoadError, Server, measure, started, uvicorn

ROOT = Path(__file__).resolve().parents[1]
PHASES = ROOT / "phases"

CONNECTIONS = (1, 8, 64)
WARM_UP_SECONDS = 1
SUBJECTS = ("phase0", "phase2", "phase2+log", "phase4", "phase4+log")
GUIDE = "the guide's phase 0"  # if --brief names the file that has it


@contextmanager
def postgres(folder: Path) -> Iterator[Any]:
    """The database of the phases' own tests, with its table."""
    sys.path.append(str(PHASES / "phase2"))
    spec = importlib.util.spec_from_file_location(
        "postgres", PHASES / "phase2" / "tests" / "server.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.mkdir()
    folder.chmod(0o755)
    database = module.Server(folder, port)
    database.create()
    try:
        ask("sentiment.migrate", {**os.environ, **database.environment("predictions_owner")})
        yield database
    finally:
        database.stop()


def ask(module: str, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", module]
    subprocess.run(
        command, cwd=PHASES / "phase2", env=environment, check=True, stdout=subprocess.DEVNULL
    )


def server(subject: str, own: dict[str, str], database: dict[str, str]) -> Server:
    """How a subject is started: `phase4+log` is phase 4 with the database."""
    phase, _, log = subject.partition("+")
    environment = {**own, **database} if log else own
    # phase 0 has uvicorn's access log, which its measurements leave out
    options = ["--no-access-log"] if phase == "phase0" else []
    command = uvicorn(sys.executable, "sentiment.api:app", *options)
    return Server(command, PHASES / phase, environment)


def guides(brief: Path, folder: Path) -> Server:
    """The guide's phase 0, cut out of it, trained, in an environment with its own versions."""
    source = guide.cut(brief)
    guide.write(source, folder)
    python = guide.install(source, user_cache_path("workbook") / "bench")
    guide.train(python, folder)
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return Server(uvicorn(python, "src.api.main:app"), folder, plain)


def main() -> int:
    options = parse()
    cells: dict[tuple[str, int], list[Load]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as whole:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        bodies = folder / "bodies"
        texts = (ROOT / "bench" / "questions.txt").read_text("utf-8").splitlines()
        bodies.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
        own = {key: value for key, value in os.environ.items() if not key.startswith("SENTIMENT_")}
        own["SENTIMENT_MODEL_DIR"] = str(folder / "model")
        ask("sentiment.train", own)
        database = whole.enter_context(postgres(folder / "database"))
        servers = {s: server(s, own, database.environment("ml_api")) for s in options.subjects}
        if options.brief:
            servers[GUIDE] = guides(options.brief, folder / "guide")
        for number in range(options.rounds):
            shift = number % len(servers)
            names = [*servers][shift:] + [*servers][:shift]
            with ExitStack() as stack:
                running = {
                    name: stack.enter_context(started(servers[name], folder / f"{name}.log"))
                    for name in names
                }
                for process, address in running.values():
                    measure(process, address, bodies, 8, WARM_UP_SECONDS)
                for connections in options.connections:
                    for name, (process, address) in running.items():
                        load = measure(process, address, bodies, connections, options.seconds)
                        cells.setdefault((name, connections), []).append(load)
                        print(f"round {number + 1}: {name}, {connections}: {load.cpu_ms:.2f} ms")
    options.out.write_text(page(cells, [*servers], options), encoding="utf-8")
    print(f"wrote {options.out}")
    return 1 if any(load.errors for loads in cells.values() for load in loads) else 0


def page(
    cells: dict[tuple[str, int], list[Load]], subjects: list[str], options: argparse.Namespace
) -> str:
    """The page of the docs."""
    head = [
        "| | connections | CPU ms per answer: min / median / max | to the guide "
        "| answers per second | p50 ms | p99 ms | errors |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    rows = []
    for connections in options.connections:
        for subject in subjects:
            loads = cells[subject, connections]
            cpu = sorted(load.cpu_ms for load in loads)
            theirs = cells.get((GUIDE, connections))
            ratio = "-"
            if theirs:
                pairs = zip(loads, theirs, strict=True)
                ratio = f"{median(our.cpu_ms / their.cpu_ms for our, their in pairs):.2f}"
            rows.append(
                f"| {subject} | {connections} "
                f"| {cpu[0]:.2f} / **{median(cpu):.2f}** / {cpu[-1]:.2f} | {ratio} "
                f"| {median(load.per_second for load in loads):,.0f} "
                f"| {median(load.p50_ms for load in loads):.1f} "
                f"| {median(load.p99_ms for load in loads):.1f} "
                f"| {sum(load.errors for load in loads)} |"
            )
    parts = [
        "# What an answer costs, phase by phase",
        f"`POST /predict`, measured on {date.today():%d %B %Y} by `bench/phases.py`, which wrote "
        "this page.",
        "\n".join([*head, *rows]),
        "CPU ms is the processor time of the server's process, divided by the answers. *+log*: "
        "with the prediction log, into a PostgreSQL beside it, by TLS: the thread that writes is "
        "counted, the database is not. *to the guide*: CPU ms divided by that of the guide's "
        "phase 0 in the same round, median of the rounds.",
        "Judge by the ratios. A machine that does other things makes everything slower, CPU time "
        "too, and not everything equally.",
        f"{options.rounds} rounds of {options.seconds:g} s for each cell. All servers run all the "
        "time, one at a time is put to load, each round begins with the next one. The load comes "
        "from wrk, over 127.0.0.1. One process each.",
        f"{machine()}. Load generator, database and servers share it.",
    ]
    return "\n\n".join(parts) + "\n"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("subjects", nargs="*", default=list(SUBJECTS))
    parser.add_argument("--brief", type=Path, help="the guide, to measure its phase 0 too")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=list(CONNECTIONS))
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks-phases.md")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LoadError as error:
        sys.exit(str(error))

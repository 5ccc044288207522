"""Count the instructions of an answer, without the prediction log and with it.

The processor time of an answer differs by a tenth from one second to the next, which hides what the
log adds. The number of instructions does not. See docs/benchmarks-log.md, which this writes.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import psutil
from report import machine
from server import LoadError, started
from subjects import ROOT, Subject, prepared

HERE = Path(__file__).resolve().parent
PHASES = ("phase 2", "phase 4")
CONNECTIONS = (1, 8)
WARM_UP = 240  # questions
ANSWERS = 2_000  # that are counted; each connection gets as many of them
SLOWER = 30  # about as many times as by itself, under valgrind
FLUSH_SECONDS = 0.2 * SLOWER  # so that the log writes as many rows at once as by itself
SECONDS_TO_END = 60
COUNTER = ("--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=/dev/null")

Counts = dict[tuple[str, int], list[float]]  # by subject and connections: of each round


def main() -> int:
    options = parse()
    before = machine()
    counts: Counts = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        names = [f"{phase}{log}" for phase in PHASES for log in ("", " + log")]
        subjects, _, _ = stack.enter_context(prepared(names, None, folder))
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", flush=True)
            for subject, connections, count in counted(subjects, folder):
                counts.setdefault((subject, connections), []).append(count)
                print(f"  {subject:16}{connections:3}{count:12,.0f}", flush=True)
    options.out.write_text(page(counts, options, before), encoding="utf-8")
    print(f"wrote {options.out}")
    return 0


def counted(subjects: dict[str, Subject], folder: Path) -> Iterator[tuple[str, int, float]]:
    """For each subject and number of connections: the instructions of an answer."""
    for name, subject in subjects.items():
        for connections in CONNECTIONS:
            yield name, connections, instructions(subject, connections, folder / "log")


def instructions(subject: Subject, connections: int, log: Path) -> float:
    """The instructions of a server's process for an answer, until it is in the table, if it is.

    Raises:
        LoadError: valgrind does not count, or an answer is none.
    """
    if shutil.which("valgrind") is None:
        raise LoadError("valgrind is not installed. On Debian or Ubuntu: apt-get install valgrind")
    server = replace(
        subject.server,
        command=["valgrind", *COUNTER, *subject.server.command],
        environment={**subject.server.environment, "SENTIMENT_FLUSH_SECONDS": f"{FLUSH_SECONDS}"},
    )
    with started(server, log) as (process, address):
        ask(subject, address, 1, WARM_UP)  # with it, the log gets its connection
        _count(process, "on")
        ask(subject, address, connections, ANSWERS)
        _count(process, "off")
        process.terminate()
        process.wait(SECONDS_TO_END)
    found = re.search(r"Collected\s*:\s+(\d+)", log.read_text("utf-8", errors="replace"))
    if found is None:
        raise LoadError("the server has ended without a count")
    return int(found[1]) / ANSWERS


def _count(process: psutil.Process, switch: str) -> None:
    subprocess.run(
        ["callgrind_control", "--instr=" + switch, str(process.pid)],
        check=True,
        capture_output=True,
    )


def ask(subject: Subject, address: str, connections: int, answers: int) -> None:
    """Ask, and wait for the rows of all answers."""
    had = subject.rows() if subject.rows else 0
    _send(address, connections, answers)
    deadline = time.monotonic() + SECONDS_TO_END
    while subject.rows and subject.rows() < had + answers:
        if time.monotonic() > deadline:
            raise LoadError("rows of answers are missing")
        time.sleep(0.5)


def _send(address: str, connections: int, answers: int) -> None:
    """Send the questions, from so many connections at once, and read every answer."""
    where = urlsplit(address)
    texts = (HERE / "questions.txt").read_text("utf-8").splitlines()
    with ExitStack() as stack:
        callers = [
            stack.enter_context(closing(HTTPConnection(where.netloc))) for _ in range(connections)
        ]
        for number in range(answers // connections):
            body = json.dumps({"text": texts[number % len(texts)]})
            for caller in callers:
                caller.request("POST", where.path, body, {"Content-Type": "application/json"})
            for caller in callers:
                response = caller.getresponse()
                answer = response.read()
                if response.status != HTTPStatus.OK:
                    raise LoadError(f"not an answer: {response.status} {answer[:200]!r}")


def page(counts: Counts, options: argparse.Namespace, before: str) -> str:
    """The page that a run leaves."""
    rows = []
    for phase in PHASES:
        for connections in CONNECTIONS:
            without, with_log = counts[phase, connections], counts[f"{phase} + log", connections]
            added = [100 * (b / a - 1) for a, b in zip(without, with_log, strict=True)]
            rows.append(
                f"| {phase} | {connections} | {median(without) / 1e3:,.0f} | "
                f"{median(with_log) / 1e3:,.0f} | {min(added):.1f} / **{median(added):.1f}** / "
                f"{max(added):.1f} |"
            )
    head = (
        "| | connections | thousand instructions an answer | with the log | "
        "more, %: min / median / max |\n| --- | ---: | ---: | ---: | ---: |"
    )
    parts = [
        "# What the prediction log adds",
        f"Measured on {date.today():%d %B %Y} by `bench/instructions.py`, which wrote this page.",
        "The processor time of an answer differs by a tenth and more from one second to the next, "
        "as [the page of all phases](benchmarks-phases.md) shows, and that hides what the log "
        "adds. The number of instructions does not.",
        "\n".join([head, *rows]),
        "All that the server's process does for itself counts: parsing, the model, the log's queue "
        "and its thread, TLS. What the kernel and the database do for it does not.",
        f"Counted by valgrind, {options.rounds} rounds. A server is started anew for each number "
        f"and asked {WARM_UP} questions; then counting begins, and ends when {ANSWERS:,} "
        f"more are answered, and are in the table. The server is some {SLOWER} times slower under "
        f"valgrind; so the log waits {SLOWER} times as long for more rows, and writes about as "
        "many at once as it would by itself.",
        before,
    ]
    return "\n\n".join(parts) + "\n"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks-log.md")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LoadError as error:
        sys.exit(str(error))

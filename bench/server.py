"""Servers that are started for a measurement, their CPU time, and the load that they are put to."""

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

SCRIPT = Path(__file__).with_name("post.lua")
START_SECONDS = 60
SETTLE_SECONDS = 0.5  # wrk leaves when its time is up; what it left open is still answered
LABELS = ("positive", "negative")


class LoadError(Exception):
    """A server or the load generator did not do its part; the message says why."""


def plain(text: str) -> object:
    """The question that most servers take."""
    return {"text": text}


@dataclass(frozen=True)
class Server:
    """How a server is started, its port appended to the command, and how it is asked."""

    command: list[str]
    folder: Path
    environment: dict[str, str]  # all of it; nothing is inherited
    path: str = "/predict"
    health: str = "/health"
    question: Callable[[str], object] = plain  # about a text, to be sent as JSON


@dataclass(frozen=True)
class Load:
    """What came of one load."""

    cpu_ms: float  # of the server's processes, per answer
    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    answers: int = 0
    database_ms: float = 0  # of the database's processes, per answer
    rows: int | None = None  # that the answers left in the database, if one is behind the server


def find_wrk() -> str:
    """Return the load generator.

    Raises:
        LoadError: it is not installed.
    """
    path = shutil.which("wrk")
    if path is None:
        raise LoadError(
            "the load generator wrk is not installed. On Debian or Ubuntu: "
            "sudo apt-get install wrk; on macOS: brew install wrk"
        )
    return path


@contextmanager
def started(server: Server, log: Path) -> Iterator[tuple[psutil.Popen, str]]:
    """Start a server on a free port of 127.0.0.1, see that it answers, and say where it is asked.

    However this is left, the server and its children end.
    """
    port = _free_port()
    with log.open("wb") as output:
        process = psutil.Popen(
            [*server.command, str(port)],
            cwd=server.folder,
            env=server.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone, and we end the server
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _await_answer(server, process, address, log)
        yield process, address + server.path
    finally:
        _end(process)


def write_bodies(server: Server, texts: list[str], file: Path) -> Path:
    """Write down what the server is asked, a question a line."""
    lines = [json.dumps(server.question(text)) + "\n" for text in texts]
    file.write_text("".join(lines), encoding="utf-8")
    return file


def measure(
    process: psutil.Process,
    address: str,
    bodies: Path,
    connections: int,
    seconds: float,
    database: psutil.Process | None = None,
) -> Load:
    """Put a running server to load, and see what it took for an answer."""
    before, before_beside = cpu_seconds(process), cpu_seconds(database) if database else 0
    command = [find_wrk(), "--threads", "1", "--connections", str(connections)]
    command += ["--duration", f"{seconds:g}s", "--timeout", "5s", "--script", str(SCRIPT)]
    done = subprocess.run([*command, address, "--", str(bodies)], capture_output=True, text=True)
    found = re.search(r"^SUMMARY (.*)$", done.stdout, re.MULTILINE)
    if found is None:
        raise LoadError(f"wrk gave no summary: {done.stderr.strip() or done.stdout.strip()}")
    summary: dict[str, int] = json.loads(found[1])
    if summary["answers"] == 0:
        raise LoadError(f"no answer at {connections} connections")
    time.sleep(SETTLE_SECONDS)
    return Load(
        cpu_ms=(cpu_seconds(process) - before) / summary["answers"] * 1e3,
        per_second=summary["answers"] / (summary["microseconds"] / 1e6),
        p50_ms=summary["p50"] / 1e3,
        p99_ms=summary["p99"] / 1e3,
        errors=summary["errors"],
        answers=summary["answers"],
        database_ms=(cpu_seconds(database) - before_beside) / summary["answers"] * 1e3
        if database
        else 0,
    )


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time of a process and its children, also of children that have ended."""
    own = process.cpu_times()
    seconds: float = own.user + own.system + own.children_user + own.children_system
    for child in process.children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        seconds += times.user + times.system
    return seconds


def uvicorn(python: str | Path, app: str, *options: str) -> list[str]:
    """The command of a uvicorn server on loopback, up to its port."""
    return [str(python), "-m", "uvicorn", app, *options, "--host", "127.0.0.1", "--port"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _await_answer(server: Server, process: psutil.Popen, address: str, log: Path) -> None:
    """Wait until the server is up, and see that it answers a question before it is measured."""
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(base_url=address, trust_env=False, timeout=5) as client:
        while True:
            if process.poll() is not None:
                tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
                raise LoadError(f"a server ended at its start: {(tail or ['no output'])[0]}")
            try:
                if client.get(server.health).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            if time.monotonic() > deadline:
                raise LoadError(f"a server did not answer within {START_SECONDS} s")
            time.sleep(0.05)
        answer = client.post(server.path, json=server.question("A lovely, useful thing."))
    if answer.status_code != 200 or not any(label in answer.text for label in LABELS):
        raise LoadError(f"a server answered {answer.status_code}: {answer.text[:200]}")


def _end(process: psutil.Popen) -> None:
    """End a server that we started, and its children, by their handles."""
    try:
        tree = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        tree = [process]
    if process.poll() is None:
        process.terminate()
    _, alive = psutil.wait_procs(tree, timeout=5)
    for left in alive:
        try:
            left.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(alive, timeout=5)
    if process.poll() is None:
        print(f"process {process.pid} could not be ended", file=sys.stderr)

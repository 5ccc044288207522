"""The PostgreSQL that measurements write to: the one of the phases' tests, by TLS only."""

import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

PHASE = Path(__file__).resolve().parents[1] / "phases" / "phase2"
OWNER = "predictions_owner"


@contextmanager
def postgres(folder: Path) -> Iterator[Any]:
    """A server with the roles of phase 2, an empty database and no table.

    Unlike in the tests, a commit is on the disk when it is confirmed.
    """
    sys.path.append(str(PHASE))
    spec = importlib.util.spec_from_file_location("postgres", PHASE / "tests" / "server.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.mkdir()
    folder.chmod(0o755)  # PostgreSQL runs as another user
    server = module.Server(folder, port)
    server.create()
    try:
        for statement in ("ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()"):
            server.ask(statement, database="postgres")
        yield server
    finally:
        server.stop()


def process(server: Any) -> psutil.Process:
    """The parent of the server's processes."""
    return psutil.Process(int((server.folder / "data" / "postmaster.pid").read_text().split()[0]))


def migrate(server: Any) -> None:
    """Make our table."""
    environment = {**os.environ, **server.environment(OWNER)}
    run("sentiment.migrate", PHASE, environment)


def run(module: str, phase: Path, environment: dict[str, str]) -> None:
    """Run a module of a phase, and leave out what it prints."""
    command = [sys.executable, "-m", module]
    subprocess.run(command, cwd=phase, env=environment, check=True, stdout=subprocess.DEVNULL)


def guides(server: Any, name: str) -> str:
    """Make a database for a phase of the guide, and return the address that it wants to be given.

    Its user owns the database, as the guide's is the administrator.
    """
    server.ask(f"CREATE DATABASE {name} OWNER {OWNER}", database="postgres")
    password = (server.folder / OWNER).read_text().strip().replace(" ", "%20")
    return f"postgresql://{OWNER}:{password}@127.0.0.1:{server.port}/{name}"


def count(server: Any, name: str = "predictions") -> int:
    """The rows in a database; none if the table is not there yet."""
    [(table,)] = server.ask("SELECT to_regclass('predictions')", database=name)
    if table is None:
        return 0
    [(rows,)] = server.ask("SELECT count(*) FROM predictions", database=name)
    return int(rows)

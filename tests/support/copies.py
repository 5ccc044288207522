"""Copies of the workbook to try things on: the learner's own state and port are left alone."""

import os
import random
import shutil
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).parents[2]
Cli = Callable[..., "subprocess.CompletedProcess[str]"]


# Below the ports that a system hands out by itself: until a test uses its port, no other
# program is given it.
PORTS = iter(random.SystemRandom().sample(range(10000, 30000), k=20000))


def free_port() -> int:
    """A port that nothing listens on, another one with each call."""
    for port in PORTS:
        with socket.socket() as sock, suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port
    raise OSError("every port is in use")


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without what `./workbook test` itself has set."""
    names = ("WORKBOOK_", "PORT", "PYTHONPATH", "KUBE", "DOCKER_HOST", "ADDRESS", "REGISTRY", "TF_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(names)}
    return {**kept, "NO_COLOR": "1", **more}


@cache
def _original() -> "TemporaryDirectory[str]":
    """What every copy is made from: what git tracks here, or would, in one commit."""
    made = TemporaryDirectory()  # as long as the tests run
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            copy = Path(made.name, name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy)
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    repack = ["repack", "-adq", "--window=0"]  # one file to copy, not one for each object
    for words in (["init"], ["add", "-A"], [*identity, "commit", "-m", "copy"], repack):
        subprocess.run(["git", *words], cwd=made.name, capture_output=True, check=True)
    return made


def copy_workbook(to: Path, with_environment: bool = True) -> Path:
    """Copy what git tracks, or would; with the environment that is already there."""
    to.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", f"{_original().name}/.", to], check=True)
    if with_environment:
        (to / ".venv").symlink_to(ROOT / ".venv")
    return to


def copy_manifests(home: Path) -> None:
    """Give a folder what each phase says of itself, and nothing else of a workbook."""
    for file in (ROOT / "phases").glob("*/phase.toml"):
        (home / file.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, home / file.relative_to(ROOT))


def cli_of(home: Path) -> Cli:
    """The workbook's CLI in a copy: `cli("check", "0")`."""

    def cli(*words: str, seconds: float = 300, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["./workbook", *words],
            cwd=home,
            env=clean_environment(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
        )

    return cli


def assert_passed(done: "subprocess.CompletedProcess[str]") -> None:
    """Fail with what a command said, and nothing around it: from the first wrong check on."""
    if done.returncode != 0:
        said = f"{done.stdout}{done.stderr}".strip()
        wrong = said.find("\n ✘ ")
        command = " ".join(map(str, done.args))
        pytest.fail(f"{command}: exit {done.returncode}\n{said[max(wrong, 0) :]}", pytrace=False)

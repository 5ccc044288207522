"""What a phase needs of this machine, looked at before anything is run."""

import platform
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

import psutil
from platformdirs import user_cache_path

from workbook.background import Background, holder_of
from workbook.choices import Choices
from workbook.phase import Phase

GIGABYTE = 10**9
FREE_DISK = 1 * GIGABYTE
FREE_MEMORY = 1 * GIGABYTE


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    found: str
    fix: str = ""  # what to do; empty where all is well


def examine(phase: Phase, choices: Choices) -> list[Finding]:
    """Look at everything that the phase needs."""
    looks: list[Callable[[Phase, Choices], Finding]] = [
        _python,
        _programs,
        _memory,
        _disk,
        _line_ends,
        _port,
    ]
    return [look(phase, choices) for look in looks]


def _python(phase: Phase, choices: Choices) -> Finding:
    return Finding("Python", f"{platform.python_version()} at {sys.prefix}")


def _programs(phase: Phase, choices: Choices) -> Finding:
    missing = [name for name in ("bash", "curl", "git") if shutil.which(name) is None]
    if not missing:
        return Finding("programs", "bash, curl and git are there")
    install = "brew install" if sys.platform == "darwin" else "sudo apt install"
    return Finding("programs", f"missing: {', '.join(missing)}", f"{install} {' '.join(missing)}")


def _memory(phase: Phase, choices: Choices) -> Finding:
    free = psutil.virtual_memory().available
    fix = "close some programs: phase 0 needs 1 GB" if free < FREE_MEMORY else ""
    return Finding("memory", f"{free / GIGABYTE:.1f} GB free", fix)


def _disk(phase: Phase, choices: Choices) -> Finding:
    places = {"this folder": phase.root, "the cache": user_cache_path("workbook")}
    free = {}
    for name, path in places.items():
        while not path.exists():
            path = path.parent
        free[name] = shutil.disk_usage(path).free
    found = ", ".join(f"{size / GIGABYTE:.1f} GB free in {name}" for name, size in free.items())
    fix = "free 1 GB" if min(free.values()) < FREE_DISK else ""
    return Finding("disk", found, fix)


def _line_ends(phase: Phase, choices: Choices) -> Finding:
    if b"\r\n" not in phase.lesson.read_bytes():
        return Finding("line ends", "LF")
    fix = "git config core.autocrlf false && git rm -rq --cached . && git reset --hard"
    return Finding("line ends", "CRLF: bash stumbles over it", fix)


def _port(phase: Phase, choices: Choices) -> Finding:
    what = f"port {choices.port}"
    with socket.socket() as client:
        client.settimeout(1)
        if client.connect_ex(("127.0.0.1", choices.port)) != 0:
            return Finding(what, "free")
    for program in Background(phase.state).running():
        if str(choices.port) in program.command:
            return Finding(what, f"used by the workbook's own {program.title}")
    holder = holder_of(choices.port) or "another program"
    fix = f"end it, or ./workbook use {choices.target} --port {choices.port + 1}"
    return Finding(what, f"taken by {holder}", fix)

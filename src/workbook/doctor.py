"""What a phase needs of this machine, looked at before anything is run."""

import platform
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from platformdirs import user_cache_path

from workbook.background import Background, holder_of
from workbook.choices import Choices
from workbook.local.cluster import Cluster
from workbook.phase import FIRST_WITH_CLUSTER, Phase

GIGABYTE = 10**9
# What is needed free before the cluster is there. The offline kit asks for more if it has to build.
CLUSTER_MEMORY = 4 * GIGABYTE
CLUSTER_DISK = 8 * GIGABYTE
WITHOUT_CLUSTER = 1 * GIGABYTE  # of each
ARCHITECTURES = ("x86_64", "amd64", "aarch64", "arm64")
CGROUP_VERSION_2 = Path("/sys/fs/cgroup/cgroup.controllers")


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
    ]
    if phase.number < FIRST_WITH_CLUSTER:
        looks += [_port]
    elif choices.target == "local":
        looks += [_engine, _tools, _architecture, _cgroup, _cluster_ports]
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
    needed = CLUSTER_MEMORY if _wants_cluster(phase, choices) else WITHOUT_CLUSTER
    fix = f"close some programs: this needs {needed / GIGABYTE:.0f} GB" if free < needed else ""
    return Finding("memory", f"{free / GIGABYTE:.1f} GB free", fix)


def _disk(phase: Phase, choices: Choices) -> Finding:
    places = {"this folder": phase.root, "the cache": user_cache_path("workbook")}
    free = {}
    for name, path in places.items():
        while not path.exists():
            path = path.parent
        free[name] = shutil.disk_usage(path).free
    found = ", ".join(f"{size / GIGABYTE:.1f} GB free in {name}" for name, size in free.items())
    needed = CLUSTER_DISK if _wants_cluster(phase, choices) else WITHOUT_CLUSTER
    fix = f"free {needed / GIGABYTE:.0f} GB" if min(free.values()) < needed else ""
    return Finding("disk", found, fix)


def _line_ends(phase: Phase, choices: Choices) -> Finding:
    if b"\r\n" not in phase.lesson.read_bytes():
        return Finding("line ends", "LF")
    fix = (
        "git stash (your edits would be lost), then "
        "git config core.autocrlf false && git rm -rq --cached . && git reset --hard"
    )
    return Finding("line ends", "CRLF: bash stumbles over it", fix)


def _port(phase: Phase, choices: Choices) -> Finding:
    for program in Background(phase.state).running():
        if str(choices.port) in program.command:
            return Finding(f"port {choices.port}", f"used by the workbook's own {program.title}")
    return _look_at_port(choices, "port")


def _look_at_port(choices: Choices, name: str) -> Finding:
    port = getattr(choices, name)
    holder = taken_by(port)
    if not holder:
        return Finding(f"port {port}", "free")
    option = f"--{name.replace('_', '-')}"
    fix = f"end it, or ./workbook use {choices.target} {option} {port + 1}"
    return Finding(f"port {port}", f"taken by {holder}", fix)


def taken_by(port: int) -> str:
    """What listens on a port of this machine, in words; empty where nothing does."""
    with socket.socket() as client:
        client.settimeout(1)
        if client.connect_ex(("127.0.0.1", port)) != 0:
            return ""
    return holder_of(port) or "another program"


def _wants_cluster(phase: Phase, choices: Choices) -> bool:
    """Whether the phase needs a cluster on this machine that is not there yet."""
    on_this_machine = phase.number >= FIRST_WITH_CLUSTER and choices.target == "local"
    return on_this_machine and Cluster(phase.root).record() is None


def _engine(phase: Phase, choices: Choices) -> Finding:
    from workbook.local.engine import EngineUnusable, can_start_own, find_engine

    try:
        engine = find_engine(phase.root)
    except EngineUnusable as error:
        if can_start_own():
            return Finding("container engine", f"{error} ./workbook up builds one of its own")
        return Finding("container engine", str(error), error.run_next)
    version = engine.run("version", "--format={{.Server.Version}}").stdout.strip()
    whose = "the workbook's own" if engine.own else "this machine's"
    return Finding("container engine", f"Docker {version}, {whose}")


def _tools(phase: Phase, choices: Choices) -> Finding:
    from workbook.local.tools import is_built
    from workbook.local.versions import versions

    table = versions()
    found = f"kind {table.kind}, kubectl {table.kubernetes}"
    if not all(map(is_built, ("kind", "kubectl"))):
        found += ", not built yet: ./workbook up does"
    return Finding("tools", found)


def _architecture(phase: Phase, choices: Choices) -> Finding:
    found = platform.machine()
    fix = "" if found.lower() in ARCHITECTURES else "use a machine with x86-64 or ARM64"
    return Finding("architecture", found, fix)


def _cgroup(phase: Phase, choices: Choices) -> Finding:
    if sys.platform != "linux":
        return Finding("control groups", "in the engine's own virtual machine")
    return Finding("control groups", "version 2" if CGROUP_VERSION_2.exists() else "version 1")


def _cluster_ports(phase: Phase, choices: Choices) -> Finding:
    if record := Cluster(phase.root).record():
        ports = f"ports {record.cluster_port} and {record.registry_port}"
        return Finding(ports, "used by the workbook's own cluster")
    findings = [_look_at_port(choices, name) for name in ("cluster_port", "registry_port")]
    free = Finding(f"ports {choices.cluster_port} and {choices.registry_port}", "free")
    return next((finding for finding in findings if finding.fix), free)

"""What a phase needs of this machine, looked at before anything is run."""

import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
from platformdirs import user_cache_path

from workbook.course.phase import Phase
from workbook.learner.background import Background
from workbook.learner.choices import API_PORT, Choices
from workbook.learner.ports import CLUSTER_PORTS, Port, taken_by
from workbook.targets.local.cluster import Cluster
from workbook.targets.observation import Observation

GIGABYTE = 10**9
# What is needed free before the cluster is there. The offline kit asks for more if it has to build.
CLUSTER_DISK = 8 * GIGABYTE
WITHOUT_CLUSTER = 1 * GIGABYTE
ARCHITECTURES = ("x86_64", "amd64", "aarch64", "arm64")
INOTIFY = Path("/proc/sys/fs/inotify")
WATCHES = {"max_user_instances": 128, "max_user_watches": 65_536}  # for one node
# https://kind.sigs.k8s.io/docs/user/known-issues/#pod-errors-due-to-too-many-open-files
WATCHES_OF_KIND = {"max_user_instances": 512, "max_user_watches": 524_288}
CGROUP_VERSION_2 = Path("/sys/fs/cgroup/cgroup.controllers")


def examine(phase: Phase, choices: Choices) -> list[Observation]:
    """Look at everything that the phase needs."""
    looks: list[Callable[[Phase, Choices], Observation]] = [
        _python,
        _programs,
        _memory,
        _disk,
        _line_ends,
    ]
    if not phase.has("cluster"):
        looks += [_port]
    elif choices.target == "local":
        looks += [_engine, _tools, _architecture, _cgroup, _inotify, _cluster_ports]
    if phase.has("terraform"):
        looks += [_terraform]
    observations = [look(phase, choices) for look in looks]
    if phase.has("cluster") and choices.target == "azure":
        from workbook.targets.azure.doctor import examine_azure

        observations += examine_azure(phase, choices)
    return observations


def _python(phase: Phase, choices: Choices) -> Observation:
    ours = phase.root / ".venv"  # without its path: a lesson's output is published
    where = "in .venv" if ours.exists() and ours.samefile(sys.prefix) else f"at {sys.prefix}"
    return Observation("Python", f"{platform.python_version()} {where}")


def _programs(phase: Phase, choices: Choices) -> Observation:
    needed = [name for each in phase.up_to for name in each.manifest.programs]
    missing = [name for name in needed if shutil.which(name) is None]
    if not missing:
        return Observation("programs", f"{', '.join(needed[:-1])} and {needed[-1]} are there")
    install = "brew install" if sys.platform == "darwin" else "sudo apt install"
    fix = f"{install} {' '.join(missing)}"
    return Observation("programs", f"missing: {', '.join(missing)}", fix)


def _memory(phase: Phase, choices: Choices) -> Observation:
    free = psutil.virtual_memory().available
    asking = phase.up_to if _wants_cluster(phase, choices) else phase.up_to[:1]
    needed = max(each.manifest.memory for each in asking)
    fix = f"close some programs: this needs {needed} GB" if free < needed * GIGABYTE else ""
    return Observation("memory", f"{free / GIGABYTE:.1f} GB free", fix)


def _disk(phase: Phase, choices: Choices) -> Observation:
    places = {"this folder": phase.root, "the cache": user_cache_path("workbook")}
    free = {}
    for name, path in places.items():
        while not path.exists():
            path = path.parent
        free[name] = shutil.disk_usage(path).free
    found = ", ".join(f"{size / GIGABYTE:.1f} GB free in {name}" for name, size in free.items())
    needed = CLUSTER_DISK if _wants_cluster(phase, choices) else WITHOUT_CLUSTER
    fix = f"free {needed / GIGABYTE:.0f} GB" if min(free.values()) < needed else ""
    return Observation("disk", found, fix)


def _line_ends(phase: Phase, choices: Choices) -> Observation:
    if b"\r\n" not in phase.lesson.read_bytes():
        return Observation("line ends", "LF")
    fix = (
        "git stash (your edits would be lost), then "
        "git config core.autocrlf false && git rm -rq --cached . && git reset --hard"
    )
    return Observation("line ends", "CRLF, which bash cannot read", fix)


def _port(phase: Phase, choices: Choices) -> Observation:
    for program in Background(phase.state).running():
        if str(choices.port) in program.command:
            found = f"used by the workbook's own {program.title}"
            return Observation(f"port {choices.port}", found)
    return _look_at_ports(choices, API_PORT)


def _look_at_ports(choices: Choices, *ports: Port) -> Observation:
    chosen = {each: choices.chosen(each) for each in ports}
    what = f"port{'s' * (len(chosen) > 1)} {', '.join(map(str, chosen.values()))}"
    holders = {each: holder for each, number in chosen.items() if (holder := taken_by(number))}
    if not holders:
        return Observation(what, "free")
    taken = [f"{chosen[each]} taken by {holder}" for each, holder in holders.items()]
    end = "end it" if len(holders) == 1 else "end them"
    return Observation(what, "; ".join(taken), f"{end}, or {choices.use_another(*holders)}")


def _wants_cluster(phase: Phase, choices: Choices) -> bool:
    """Whether the phase needs a cluster on this machine that is not there yet."""
    on_this_machine = phase.has("cluster") and choices.target == "local"
    return on_this_machine and Cluster(phase.root).record() is None


def _engine(phase: Phase, choices: Choices) -> Observation:
    from workbook.targets.local.engine import EngineUnusable, can_start_own, find_engine

    try:
        engine = find_engine(phase.root)
    except EngineUnusable as error:
        if can_start_own():
            return Observation("container engine", f"{error} ./workbook up builds one of its own")
        return Observation("container engine", str(error), error.run_next)
    version = engine.run("version", "--format={{.Server.Version}}").stdout.strip()
    whose = "the workbook's own" if engine.own else "this machine's"
    return Observation("container engine", f"Docker {version}, {whose}")


def _tools(phase: Phase, choices: Choices) -> Observation:
    from workbook.targets.local.tools import EVERYWHERE, is_built
    from workbook.targets.local.versions import versions

    table = versions()
    found = f"kind {table.kind}, kubectl {table.kubernetes}"
    if not all(map(is_built, EVERYWHERE)):
        found += ", not built yet: ./workbook up does"
    return Observation("tools", found)


def _terraform(phase: Phase, choices: Choices) -> Observation:
    from workbook.targets.terraform import HOW_TO_GET_IT, OLDEST, version

    found = version()
    if found is None:
        return Observation("Terraform", "missing", HOW_TO_GET_IT)
    fix = HOW_TO_GET_IT if found < OLDEST else ""
    return Observation("Terraform", ".".join(map(str, found)), fix)


def _architecture(phase: Phase, choices: Choices) -> Observation:
    found = platform.machine()
    fix = "" if found.lower() in ARCHITECTURES else "use a machine with x86-64 or ARM64"
    return Observation("architecture", found, fix)


def _cgroup(phase: Phase, choices: Choices) -> Observation:
    if sys.platform != "linux":
        return Observation("control groups", "in the engine's own virtual machine")
    return Observation("control groups", "version 2" if CGROUP_VERSION_2.exists() else "version 1")


def _inotify(phase: Phase, choices: Choices) -> Observation:
    """What programs in the node watch files with; without it, they say "too many open files"."""
    if sys.platform != "linux":
        return Observation("file watches", "in the engine's own virtual machine")
    limits = {name: int((INOTIFY / name).read_text()) for name in WATCHES}
    found = ", ".join(f"{name} {limit}" for name, limit in limits.items())
    small = any(limits[name] < least for name, least in WATCHES.items())
    settings = " ".join(f"fs.inotify.{name}={value}" for name, value in WATCHES_OF_KIND.items())
    return Observation("file watches", found, f"sudo sysctl {settings}" if small else "")


def _cluster_ports(phase: Phase, choices: Choices) -> Observation:
    if record := Cluster(phase.root).record():
        ports = [str(getattr(record, each.name)) for each in CLUSTER_PORTS]
        return Observation(f"ports {', '.join(ports)}", "used by the workbook's own cluster")
    return _look_at_ports(choices, *CLUSTER_PORTS)

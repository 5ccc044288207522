"""The container engine: the machine's own, or one that the workbook starts if it has to.

Our own engine is started so that everything that it makes ends with it
(`offline/engine/isolated.sh`). Its control groups carry the home's name, so that it is found and
ended even if its record is lost.
"""

import hashlib
import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import psutil

from workbook.errors import WorkbookError
from workbook.learner.background import Background, Program
from workbook.learner.store import kept, read_state, write_json
from workbook.programs import TookTooLong, run
from workbook.targets.local import network
from workbook.targets.local.tools import OFFLINE, Say

SECONDS_TO_ANSWER = 10
SECONDS_TO_START = 60
SECONDS_TO_END = 20
SECONDS_TO_INSTALL = 1800  # packages, on a slow line
WITH_IMAGES = {"build", "import", "load", "pull", "push", "save"}
SECONDS_FOR_AN_IMAGE = 1800
SECONDS_FOR_THE_REST = 120
CAPABILITIES = {"CAP_SYS_RESOURCE": 24}  # number in the kernel; what containers as root often lack
CGROUPS = Path("/sys/fs/cgroup")
POLICY = Path("/usr/sbin/policy-rc.d")  # Debian asks it whether a package may start its service
POLICY_TEXT = "#!/bin/sh\n# The workbook's, while it installs Docker: start nothing.\nexit 101\n"
OUTSIDE = [  # what it makes in places that no setting can move
    Path("/etc/docker/key.json"),
    Path("/opt/containerd/bin"),
    Path("/opt/containerd/lib"),
    Path("/opt/containerd"),
    Path("/run/containerd"),
    Path("/run/docker"),
]


class EngineUnusable(WorkbookError):
    """There is no container engine that can be used, with what to do about it."""


@dataclass(frozen=True)
class Engine:
    """A Docker engine that answers."""

    docker: Path  # the client
    host: str | None = None  # where it listens; None: where the client looks by itself
    own: bool = False  # started by the workbook

    def environment(self) -> dict[str, str]:
        """The environment in which docker and kind use this engine."""
        environment = dict(os.environ)
        environment["PATH"] = f"{self.docker.parent}{os.pathsep}{environment.get('PATH', '')}"
        if self.host is not None:
            environment["DOCKER_HOST"] = self.host
        return environment

    def run(
        self,
        *arguments: str,
        check: bool = True,
        seconds: float | None = None,
        directory: Path | None = None,
        input: str = "",  # noqa: A002 - as subprocess.run names it
    ) -> "CompletedProcess[str]":
        """Run docker.

        Args:
            check: raise where it fails.
            seconds: how long it may take; None: half an hour for what moves or makes an image,
                two minutes for all else.
            directory: where it runs.
            input: its standard input.

        Raises:
            WorkbookError: it failed or took too long, unless `check` is off.
        """
        command = [str(self.docker), *arguments]
        if seconds is None:
            seconds = SECONDS_FOR_AN_IMAGE if arguments[0] in WITH_IMAGES else SECONDS_FOR_THE_REST
        try:
            done = run(
                command, seconds, stdin=input, directory=directory, environment=self.environment()
            )
        except TookTooLong:
            if check:
                raise
            return CompletedProcess(command, -1, "", f"longer than {seconds:g} s")
        if check and done.returncode != 0:
            last = "\n".join((done.stderr or done.stdout).splitlines()[-10:])
            raise WorkbookError(f"docker {shlex.join(arguments[:3])} failed:\n{last}")
        return done


def find_engine(home: Path) -> Engine:
    """The engine to use: the one started for this home, if it runs, or else the machine's.

    Raises:
        EngineUnusable: no engine answers.
    """
    return _Own(home).engine() or _machines_engine()


def start_own(home: Path, say: Say) -> Engine:
    """Start an engine for this home, or return the one that runs.

    Raises:
        WorkbookError: it cannot be started here, or did not start.
    """
    own = _Own(home)
    if engine := own.engine():
        return engine
    if others := sorted(set(_daemons()) - own.processes()):
        with suppress(EngineUnusable):
            return _machines_engine()
        raise WorkbookError(
            f"Another container engine runs here that does not answer (process {others[0]}), and "
            "there can be one only.",
            "./workbook down in the folder that started it, or fix it",
        )
    _refuse_what_cannot_be()
    _install(say)
    own.clear()  # what an interrupted start has left
    say("starting the workbook's own container engine")
    return own.start()


def end_own(home: Path, say: Say) -> None:
    """End this home's own engine and remove everything of it.

    Raises:
        WorkbookError: something of it is left.
    """
    own = _Own(home)
    if not own.left_over():
        return
    say("ending the workbook's own container engine")
    own.clear()
    shutil.rmtree(own.state, ignore_errors=True)
    if left := own.left_over():
        raise WorkbookError(
            "Of the workbook's own container engine there is still:\n" + "\n".join(left),
            "./workbook down",
        )


def left_over(home: Path) -> list[str]:
    """Whatever there is of this home's own engine, in words; empty when it is gone."""
    return _Own(home).left_over()


class _Own:
    """The engine that belongs to one home."""

    def __init__(self, home: Path) -> None:
        self.name = f"workbook-{hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:8]}"
        self.state = home / ".workbook" / "engine"
        self.sockets = Path("/run") / self.name  # a socket's path may have 107 characters only
        self.background = Background(self.state)
        self._before = self.state / "before.json"

    @property
    def host(self) -> str:
        return f"unix://{self.sockets}/docker.sock"

    def engine(self) -> Engine | None:
        """The engine, if it runs and answers."""
        client = shutil.which("docker")
        if client is None or not self.background.running():
            return None
        engine = Engine(Path(client), self.host, own=True)
        return engine if not _trouble(engine) else None

    def start(self) -> Engine:
        for folder in (self.state, self.sockets):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        # once only: after an interrupted start, what was before it is still what was before
        if not self._written_before():
            write_json(self._before, {"boot": psutil.boot_time(), **_look()})
        config = self.state / "daemon.json"
        write_json(config, self._configuration())
        script = OFFLINE / "engine" / "isolated.sh"
        command = ["bash", str(script), "groups", self.name, str(config)]
        program = self.background.start(command, self.state, "engine")
        client = shutil.which("docker")
        assert client is not None  # installed before
        engine = Engine(Path(client), self.host, own=True)
        deadline = time.monotonic() + SECONDS_TO_START
        while trouble := _trouble(engine):
            if not program.process() or time.monotonic() > deadline:
                raise WorkbookError(
                    f"The container engine did not start ({trouble}). The end of its log, "
                    f"{program.log}:\n{program.last_lines(15)}",
                    "./workbook down, then the same command again",
                )
            time.sleep(0.1)
        return engine

    def clear(self) -> None:
        """End the engine and take back what it has changed outside of its state folder."""
        for program in self.background.remembered():
            _kill(_family(program))
            self.background.end(program)
        _kill(_still_there(self.processes()))
        for group in self._groups():
            for inner in sorted(group.rglob("*/"), reverse=True):
                _remove_group(inner)
            _remove_group(group)
        if before := self._written_before():
            network.restore(before)
            for path in map(Path, before["absent"]):
                with suppress(OSError):  # absent, or somebody else has put something there
                    path.rmdir() if path.is_dir() else path.unlink()
            self._before.unlink()
        shutil.rmtree(self.sockets, ignore_errors=True)

    def processes(self) -> set[int]:
        """Every process of the engine, its containers' included."""
        return {
            int(pid)
            for group in self._groups()
            for file in group.rglob("cgroup.procs")
            for pid in file.read_text().split()
            if pid != "0"  # of a namespace that this process does not see
        }

    def left_over(self) -> list[str]:
        found = [f"process {p.pid}: {p.title}" for p in self.background.running()]
        others = self.processes() - {program.pid for program in self.background.running()}
        found += [f"process {pid}" for pid in sorted(others)]
        found += [f"control group {group}" for group in self._groups()]
        found += [f"mount {place}" for place in self._mounts()]
        if before := self._written_before():
            found += network.added(before)
            found += [f"file {path}" for path in before["absent"] if Path(path).exists()]
        found += [f"files in {path}" for path in (self.state, self.sockets) if path.exists()]
        return found

    def _groups(self) -> list[Path]:
        return [
            path for path in (CGROUPS / self.name, *CGROUPS.glob(f"*/{self.name}")) if path.is_dir()
        ]

    def _mounts(self) -> list[str]:
        places = [mount.mountpoint for mount in psutil.disk_partitions(all=True)]
        return [
            place for place in places if place.startswith((f"{self.state}/", f"{self.sockets}/"))
        ]

    def _written_before(self) -> dict[str, Any] | None:
        """What was here before the engine started, unless the machine was started again since."""
        before = read_state(self._before, _Before)
        if before is None or abs(before.boot - psutil.boot_time()) > 60:
            return None
        return asdict(before)

    def _configuration(self) -> dict[str, Any]:
        configuration: dict[str, Any] = {
            "hosts": [self.host],
            "data-root": str(self.state / "data"),
            "exec-root": str(self.sockets / "exec"),
            "pidfile": str(self.sockets / "pid"),
            "exec-opts": ["native.cgroupdriver=cgroupfs"],  # systemd does not know of our groups
            "default-address-pools": [{"base": "172.16.0.0/12", "size": 20}],  # network.py knows it
            "shutdown-timeout": 5,
        }
        if missing := missing_capabilities():
            runc = shutil.which("runc") or "/usr/sbin/runc"
            wrapper = self.state / "runc"
            words = [sys.executable, "-I", "-S", str(OFFLINE / "engine" / "runc.py")]
            line = shlex.join([*words, runc, ",".join(missing)])
            wrapper.write_text(f'#!/bin/sh\nexec {line} "$@"\n', encoding="utf-8")
            wrapper.chmod(0o700)
            configuration["runtimes"] = {"workbook": {"path": str(wrapper)}}
            configuration["default-runtime"] = "workbook"
        return configuration


def missing_capabilities(status: Path = Path("/proc/self/status")) -> list[str]:
    """The capabilities that runc would ask for and that this root does not hold."""
    for line in status.read_text().splitlines():
        if line.startswith("CapEff:"):
            held = int(line.split()[1], 16)
            return [name for name, bit in CAPABILITIES.items() if not held >> bit & 1]
    return []


def can_start_own() -> bool:
    """Whether this machine lets the workbook start an engine."""
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _refuse_what_cannot_be() -> None:
    if not can_start_own():
        raise WorkbookError(
            "The workbook can start a container engine of its own only as root, on a Linux with "
            "Debian's packages.",
            "install Docker (https://docs.docker.com/engine/install), then ./workbook up",
        )


def _machines_engine() -> Engine:
    client = shutil.which("docker")
    if client is None:
        raise EngineUnusable(
            "There is no Docker here: no program named docker.",
            "install Docker (https://docs.docker.com/get-started/get-docker), then ./workbook up",
        )
    engine = Engine(Path(client))
    trouble = _trouble(engine)
    if not trouble:
        return engine
    if "permission denied" in trouble.lower():
        raise EngineUnusable(
            "Docker runs, but this user may not use it.",
            'sudo usermod -aG docker "$USER", then log out and in again, then ./workbook up',
        )
    if "DOCKER_HOST" in os.environ or 'context "' in trouble:
        raise EngineUnusable(
            f"Docker's client does not reach its engine: {trouble}",
            "docker context ls, then fix DOCKER_HOST or the context",
        )
    start = "open -a Docker" if sys.platform == "darwin" else "sudo systemctl start docker"
    raise EngineUnusable("Docker is installed, but its engine does not run.", start)


def _trouble(engine: Engine) -> str:
    """Why an engine does not answer; empty when it does."""
    done = engine.run(
        "version", "--format={{.Server.Version}}", check=False, seconds=SECONDS_TO_ANSWER
    )
    if done.returncode == 0:
        return ""
    said = done.stderr.strip().splitlines()
    return said[-1] if said else f"docker version ended with status {done.returncode}"


def _daemons() -> Iterator[int]:
    """The processes of every Docker engine on this machine."""
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "dockerd":
            yield process.pid


def _install(say: Say) -> None:
    """Install Debian's engine where it is missing, and let nothing start by itself."""
    if shutil.which("dockerd") is None:
        say("installing Debian's docker.io")
        apt_install("docker.io", "iptables", "iproute2")
    if shutil.which("docker") is None:  # a package of its own since Debian 13
        say("installing Debian's docker-cli")
        apt_install("docker-cli")


def apt_install(*packages: str) -> None:
    """Install Debian packages without starting what they would start.

    Raises:
        WorkbookError: apt-get failed, with its last words.
    """
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    services = ["docker.service", "docker.socket", "containerd.service"]
    with _no_service_starts():
        for command in (
            ["apt-get", "update"],
            ["apt-get", "install", "--yes", "--no-install-recommends", *packages],
        ):
            done = run(command, SECONDS_TO_INSTALL, environment=environment)
        if done.returncode != 0:
            last = "\n".join(done.stderr.splitlines()[-5:])
            raise WorkbookError(
                f"apt-get could not install {' '.join(packages)}:\n{last}",
                f"apt-get install {' '.join(packages)}",
            )
        if Path("/run/systemd/system").exists():
            run(["systemctl", "disable", *services], SECONDS_FOR_THE_REST)


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Answer Debian's question whether a package may start its service with no."""
    ours = not POLICY.exists() or POLICY.read_text() == POLICY_TEXT  # of an interrupted run
    if ours:
        POLICY.write_text(POLICY_TEXT)
        POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            POLICY.unlink()


@kept
@dataclass(frozen=True)
class _Before:
    """What was here before the engine started."""

    boot: float  # of this machine, seconds since 1970
    absent: list[str]
    links: list[str]
    rules: dict[str, dict[str, list[str]]]  # by tool and table
    forwarding: str


def _look() -> dict[str, Any]:
    """What an engine would change outside of its own places."""
    return {**network.look(), "absent": [str(path) for path in OUTSIDE if not path.exists()]}


def _family(program: Program) -> list[psutil.Process]:
    process = program.process()
    return [*process.children(recursive=True), process] if process else []


def _still_there(pids: set[int]) -> list[psutil.Process]:
    found = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(pid))
    return found


def _remove_group(group: Path) -> None:
    """Remove a control group; the kernel may need a moment after its last process has ended."""
    deadline = time.monotonic() + SECONDS_TO_END
    while group.exists() and time.monotonic() < deadline:
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.05)


def _kill(processes: list[psutil.Process]) -> None:
    """End processes at once: what they work on is removed after them."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=SECONDS_TO_END)

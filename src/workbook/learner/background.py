"""Programs that a lesson leaves running, such as the API: remembered, shown, ended by name.

A program is remembered by its process id *and* its start time. Ids are used again after a while,
and mean something else inside a container: only if both agree is the process ours to end.
"""

import os
import shlex
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from workbook.learner.store import kept, read_state, write_json

SECONDS_TO_END = 10
LONGEST_COMMAND = 80  # characters of it that are shown
OF_DRILL = "drill-"  # how `started_by` begins where a drill has started it
SECONDS_APART = 2  # the clock may be set in between, and ids are not used again as soon as that


@kept
@dataclass(frozen=True)
class Program:
    """A running program that a lesson or drill has started."""

    pid: int
    started: float  # seconds since 1970, as the kernel tells it
    command: list[str]
    directory: str
    log: str  # the file that its output goes to
    started_by: str  # the cell or drill, so that the same one can replace it

    def __post_init__(self) -> None:
        if not 0 < self.pid < 2**31:
            raise ValueError(f"{self.pid} is not a process id")

    @property
    def title(self) -> str:
        """What it is called where it is shown: the start of its command."""
        return shown(self.command)

    @property
    def is_of_drill(self) -> bool:
        """Whether a drill has started it, so that to show it would tell the cause."""
        return self.started_by.startswith(OF_DRILL)

    def process(self) -> psutil.Process | None:
        """The process, if it is still the one that was started."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) <= SECONDS_APART
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    def last_lines(self, count: int = 5) -> str:
        """The end of its log."""
        try:
            text = Path(self.log).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-count:])


@kept
@dataclass(frozen=True)
class _Remembered:
    """What the file holds."""

    programs: list[Program]


def shown(command: list[str]) -> str:
    """A command as it is shown: paths by their last part, cut between two words."""
    words = [Path(word).name if os.sep in word else word for word in command]
    while len(words) > 1 and len(shlex.join(words)) > LONGEST_COMMAND:
        words.pop()
    return shlex.join(words)


class Background:
    """The programs that one phase has left running."""

    def __init__(self, state: Path) -> None:
        self._file = state / "background.json"
        self.logs = state / "logs"

    def remembered(self) -> list[Program]:
        """Every program that was started and not ended by the workbook, running or not."""
        found = read_state(self._file, _Remembered)
        return found.programs if found else []

    def running(self) -> list[Program]:
        """Those that run."""
        return [program for program in self.remembered() if program.process()]

    def remember(
        self, pid: int, log: Path, started_by: str, command: list[str] | None = None
    ) -> Program | None:
        """Remember a program that has been started; one that has ended meanwhile is left out.

        Args:
            pid: its process id.
            log: the file that its output goes to.
            started_by: the cell or drill that has started it.
            command: what was started, where that is known; else it is asked of the process.
        """
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                program = Program(
                    pid,
                    process.create_time(),
                    command or process.cmdline(),
                    process.cwd(),
                    str(log),
                    started_by,
                )
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            return None
        self._write([*self.remembered(), program])
        return program

    def end(self, program: Program) -> None:
        """End a program and what it has started, and forget it. Others are never touched."""
        process = program.process()
        if process is not None:
            family = [process, *process.children(recursive=True)]
            for member in family:
                _signal(member.terminate)
            _, alive = psutil.wait_procs(family, timeout=SECONDS_TO_END)
            for member in alive:
                _signal(member.kill)
            psutil.wait_procs(alive, timeout=SECONDS_TO_END)
        self._write([other for other in self.remembered() if other != program])

    def end_all(self, started_by: str | None = None) -> list[Program]:
        """End every program, or those of one cell or drill; returns those that were running."""
        chosen = [p for p in self.remembered() if started_by in (None, p.started_by)]
        ended = [program for program in chosen if program.process()]
        for program in chosen:
            self.end(program)
        return ended

    def start(
        self,
        command: list[str],
        directory: Path,
        name: str,
        environment: dict[str, str] | None = None,
    ) -> Program:
        """Start a program that outlives this one, with its output in a log."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # of one that has ended at once, the log still tells why
        ended = Program(process.pid, 0, command, str(directory), str(log), name)
        return self.remember(process.pid, log, name, command) or ended

    def restart(self, program: Program) -> None:
        """End a program and start the same command again, for the same cell."""
        process = program.process()
        environment = process.environ() if process else None  # with what its cell had exported
        self.end(program)
        self.start(program.command, Path(program.directory), program.started_by, environment)

    def _write(self, programs: list[Program]) -> None:
        write_json(self._file, asdict(_Remembered(programs)))


def _signal(send: Callable[[], None]) -> None:
    with suppress(psutil.NoSuchProcess):
        send()


def holder_of(port: int) -> str:
    """The program that listens on a local port, in words; empty where it cannot be known."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:  # macOS shows other processes' connections to root only
        return ""
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
            if connection.pid is None:
                return "a program of another user"
            with suppress(psutil.Error):
                command = shown(psutil.Process(connection.pid).cmdline())
                return f"{command} (process {connection.pid})"
            return f"process {connection.pid}"
    return ""

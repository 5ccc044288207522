"""The one way to call a program for its output: by sh, and never without a time limit."""

import os
import shlex
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import CompletedProcess

from workbook.errors import WorkbookError

AT_ONCE = 65536  # bytes that are read together
SHOWN = 100  # characters of a command in a message
STATUSES = tuple(range(-signal.NSIG, 256))  # a negative one is the signal that ended the program


class TookTooLong(WorkbookError):
    """A program has not ended within its time limit; it was killed, with all that it started."""


def run(
    words: Sequence[str | Path],
    seconds: float,
    *,
    stdin: str = "",
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> "CompletedProcess[str]":
    """Run a program to its end. The caller judges its status.

    Args:
        words: the program and its arguments.
        seconds: its time limit.
        stdin: what it reads from its standard input.
        directory: where it runs.
        environment: its whole environment; None for ours.

    Raises:
        TookTooLong: the time limit was reached.
        FileNotFoundError: there is no such program, or no such directory.
    """
    import sh  # not at the top: checks import this module in a clone that has no packages yet

    program, *arguments = map(str, words)
    if directory is not None and not directory.is_dir():
        raise FileNotFoundError(f"There is no folder {directory}.")
    try:
        command = sh.Command(program)
    except sh.CommandNotFound:
        raise FileNotFoundError(f"There is no program {program}.") from None
    release = _hold_interrupts()
    try:
        running = command(
            *arguments,
            _in=stdin,
            _cwd=None if directory is None else str(directory),
            _env=None if environment is None else dict(environment),
            _return_cmd=True,
            _bg=True,
            _bg_exc=False,
            _new_session=True,  # so that its group is its own
            _tty_out=False,
            _out_bufsize=AT_ONCE,
            _err_bufsize=AT_ONCE,
            _ok_code=STATUSES,
        )
    except BaseException:
        release()
        raise
    too_long = threading.Event()

    def end() -> None:
        too_long.set()
        kill_group(running.pid)

    timer = threading.Timer(seconds, end)
    timer.daemon = True  # it holds up no interpreter that ends
    timer.start()
    try:
        release()
        running.wait()
    except BaseException:
        kill_group(running.pid)
        raise
    finally:
        timer.cancel()
    if too_long.is_set():
        shown = shlex.join(map(str, words))
        shown = shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}..."
        raise TookTooLong(
            f"{shown} has not ended within {seconds:g} s, and was ended.",
            "the same command again; ./workbook doctor looks at this machine",
        )
    out, err = (each.decode("utf-8", "replace") for each in (running.stdout, running.stderr))
    return CompletedProcess(list(words), running.exit_code, out, err)


def _hold_interrupts() -> Callable[[], None]:
    """Hold a Ctrl-C back while a program is being started: only then can it be ended.

    Returns:
        Lets a Ctrl-C through again, and one that came meanwhile.
    """
    if threading.current_thread() is not threading.main_thread():
        return lambda: None  # Python interrupts the main thread only
    came = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: came.set())

    def release() -> None:
        signal.signal(signal.SIGINT, before)
        if came.is_set():
            signal.raise_signal(signal.SIGINT)

    return release


def kill_group(leader: int) -> None:
    """Kill a process that leads a group, with all of the group."""
    # macOS says PermissionError of a group in which every process has ended
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)

"""`watch`: lines turn as the system does, nothing is recorded, and nothing is left behind."""

import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from copies import clean_environment
from fake_cluster import cluster_of, event, proxy_of, write_kubectl
from platformdirs import user_cache_path
from rich.console import Console
from small_workbook import IS_WRONG, PASSES, TAKES_TOO_LONG, Small

from workbook.checks import patience
from workbook.checks.check import Result
from workbook.checks.patience import settled
from workbook.checks.watch import Budget, Look, lines_to_look_at
from workbook.cli.watching import Board
from workbook.course.phase import find_phase
from workbook.learner.drills import UnderWay, write_under_way
from workbook.outcome import Outcome
from workbook.targets.local.tools import folder_of

COMMAND = [sys.executable, "-m", "workbook", "watch", "0"]
SECONDS = 60  # to wait for what comes at once on an idle machine
DONE = Path("phases/phase0/model/manifest.json")
TURNS = '''
from pathlib import Path

@check(read=READ)
def test_first():
    """The first line"""
    if not Path("phases/phase0/model/manifest.json").exists():
        raise NotStarted("make the file done")
    return "it is there"

@check(read=READ, after=test_first)
def test_second():
    """The second line"""
    return "after the first"
'''


def look(line: str, outcome: Outcome, *, ended: float, seconds: float = 0.01) -> Look:
    return Look(Result("test_it", line, outcome, seconds), ended, seconds)


PASSED, NOT_STARTED = Outcome.PASSED, Outcome.NOT_STARTED


@pytest.mark.parametrize(
    ("looks", "changed", "expected"),
    [
        ({}, 0, "abc"),
        ({"a": look("a", PASSED, ended=99), "b": look("b", NOT_STARTED, ended=99)}, 0, "bc"),
        ({"a": look("a", PASSED, ended=30), "b": look("b", PASSED, ended=99)}, 0, "ac"),
        ({"a": look("a", PASSED, ended=98), "b": look("b", PASSED, ended=98)}, 99, "abc"),
        ({"a": look("a", PASSED, ended=98, seconds=3)}, 96, "abc"),
        ({"a": look("a", PASSED, ended=98, seconds=9)}, 99, "bca"),
        ({"a": look("a", NOT_STARTED, ended=99, seconds=9)}, 0, "c"),
        ({"a": look("a", NOT_STARTED, ended=30, seconds=9)}, 0, "abc"),
    ],
    ids=[
        "nothing was looked at",
        "a line that has not passed",
        "a line that passed a minute ago",
        "something has changed",
        "something has changed since the look at it began",
        "a line that passes and takes long holds up no other",
        "a line that takes long, and one that waits for it",
        "a minute later",
    ],
)
def test_line_is_looked_at_when_it_is_due(
    looks: dict[str, Look], changed: float, expected: str
) -> None:
    needs = {"a": ["of an earlier phase"], "b": ["a"], "c": []}
    assert "".join(lines_to_look_at([*needs], needs, looks, 100, changed)) == expected


def test_what_was_used_is_rested_until_it_is_a_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, used = iter([0.0, 10, 20, 100, 110]), iter([0.0, 9, 15, 15, 15])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    monkeypatch.setattr("workbook.checks.watch._processor_seconds", lambda: next(used))
    budget = Budget()
    assert budget.seconds_to_rest() == 0  # the first look is free
    # five seconds of the core are ahead, six are used
    assert budget.seconds_to_rest() == pytest.approx(10)
    assert [budget.seconds_to_rest(), budget.seconds_to_rest()] == [0, 0]


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path / "small")


@contextmanager
def started(
    command: list[str], home: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """A command whose output is not a terminal; it is killed after a minute."""
    with subprocess.Popen(
        command, cwd=home, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        limit = threading.Timer(SECONDS, process.kill)
        limit.start()
        try:
            yield process
        finally:
            limit.cancel()
            process.kill()


@pytest.fixture
def watching(small: Small) -> Iterator[subprocess.Popen[str]]:
    """`watch 0`, on a system in which nothing was done yet."""
    small.write(0, TURNS)
    (small.home / DONE).parent.mkdir()
    with started(COMMAND, small.home, clean_environment()) as process:
        yield process


def read_until(process: subprocess.Popen[str], end: str) -> str:
    """What it prints, up to a line that contains `end`."""
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if end in line:
            return said
    pytest.fail(f"It ended before it said {end!r}: {said}")


def test_line_turns_when_the_system_does(small: Small, watching: subprocess.Popen[str]) -> None:
    assert " · The first line" in read_until(watching, "to do     make the file done")
    (small.home / DONE).touch()
    turned = read_until(watching, "after the first")
    assert "✔ The first line  it is there" in turned
    assert "✔ The second line" in turned


def test_line_that_has_passed_turns_within_a_minute(
    small: Small, watching: subprocess.Popen[str]
) -> None:
    read_until(watching, "to do     make the file done")
    (small.home / DONE).touch()
    read_until(watching, "✔ The second line")
    (small.home / DONE).unlink()
    read_until(watching, "to do     make the file done")  # else it is killed after a minute


def proxy_below(looker: psutil.Process) -> psutil.Process:
    """The process that stands for `kubectl proxy`, as soon as it runs."""
    deadline = time.monotonic() + SECONDS
    while True:
        with suppress(psutil.NoSuchProcess):
            for each in looker.children():
                if any("proxy.py" in word for word in each.cmdline()):
                    return each
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("is_killed", [False, True], ids=["Ctrl-C", "looker killed"])
def test_line_turns_with_the_cluster_and_kubectl_ends(
    small: Small, tmp_path: Path, is_killed: bool
) -> None:
    """A line that has passed, and breaks when an object changes, while nothing here does."""
    small.add_phase(1, ["The first", "The second"], TURNS.replace(str(DONE), "done"))
    (small.home / "phases/phase1/phase.toml").write_text(
        'adds = ["cluster"]\n[local]\nnamespaces = ["ml-demo"]\n'
    )
    (small.home / "done").touch()
    tools = tmp_path / "cache" / folder_of("kubectl").relative_to(user_cache_path())
    tools.mkdir(parents=True)
    events = tmp_path / "events"
    events.mkdir()
    kubectl = {**cluster_of(small.home), **proxy_of(events)}
    write_kubectl(tools / "kubectl", kubectl)
    environment = clean_environment(XDG_CACHE_HOME=str(tmp_path / "cache"))
    command = [*COMMAND[:-1], "1"]
    with started(command, small.home, environment) as watching:
        read_until(watching, "✔ The second line")
        [looker] = psutil.Process(watching.pid).children()
        proxy = proxy_below(looker)
        (small.home / "done").unlink()
        (events / "pods").write_text(event("ADDED", "one"))
        read_until(watching, "to do     make the file done")
        if is_killed:
            looker.kill()
        else:
            watching.send_signal(signal.SIGINT)
        assert watching.wait(SECONDS) == (2 if is_killed else 0)
        proxy.wait(SECONDS)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_watch_ends_well_and_has_recorded_nothing(
    small: Small, watching: subprocess.Popen[str], how: signal.Signals
) -> None:
    read_until(watching, "The second line")
    looker = psutil.Process(watching.pid).children()[0]
    watching.send_signal(how)
    assert watching.wait(SECONDS) == 0
    assert not looker.is_running()
    assert not list(small.home.glob(".workbook/**/*.json"))


def test_killed_watch_leaves_no_program_behind(watching: subprocess.Popen[str]) -> None:
    read_until(watching, "The second line")
    looker = psutil.Process(watching.pid).children()[0]
    watching.kill()
    looker.wait(SECONDS)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_watch_that_is_ended_while_it_looks_ends_what_the_check_called(
    small: Small, sent: signal.Signals
) -> None:
    small.write(0, TAKES_TOO_LONG.replace("0.5", "60"))
    with started(COMMAND, small.home, clean_environment()) as watching:
        program = psutil.Process(watching.pid)
        deadline = time.monotonic() + SECONDS
        while "sleep" not in {each.name() for each in program.children(recursive=True)}:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        called = program.children(recursive=True)
        watching.send_signal(sent)
        _, alive = psutil.wait_procs(called, timeout=SECONDS)
    assert not alive
    assert not list(small.home.glob(".workbook/**/*.json"))


def test_terminal_is_given_back_with_the_last_state(small: Small) -> None:
    small.write(0, PASSES, IS_WRONG)
    ours, theirs = pty.openpty()
    environment = clean_environment(TERM="xterm", COLUMNS="80", LINES="24")
    started = subprocess.Popen(
        COMMAND, cwd=small.home, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    limit = threading.Timer(SECONDS, started.kill)
    limit.start()
    said = b""
    with suppress(OSError):  # Linux says so when the other end is closed
        while b"1 of 5 lines pass" not in said:
            said += os.read(ours, 4096)
        started.send_signal(signal.SIGINT)
        while part := os.read(ours, 4096):
            said += part
    os.close(ours)
    limit.cancel()
    assert started.wait(SECONDS) == 0
    shown = said.decode()
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l") >= 0  # the cursor
    last = shown[shown.rfind("1 of 5 lines pass") :]
    assert "run next  fix it" in last
    assert "Ctrl-C ends" in last


def test_checks_that_cannot_be_run_are_reported(small: Small) -> None:
    small.write(0, "this is not Python")
    done = subprocess.run(
        COMMAND, cwd=small.home, env=clean_environment(), capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "Run next: ./workbook check 0" in done.stderr


LONG = "a value that is much longer than a row of a terminal can be " * 8
LINES = [f"A thing that must be as these many words say it has to be: {n}" for n in range(13)]


@pytest.fixture
def board(small: Small) -> Board:
    small.add_phase(1, LINES)
    return Board(find_phase(1, small.home, "local"))


def result(thing: str, outcome: Outcome) -> Result:
    rows = {"expected": LONG, "found": LONG, "why": "because", "run next": "fix it"}
    passed = outcome is PASSED
    return Result("test_it", f"{thing} line", outcome, 0.1, "seen", {} if passed else rows)


def shown(board: Board) -> list[str]:
    """The rows of a terminal of 80 columns and 24 rows."""
    console = Console(width=80, height=24, force_terminal=False)
    with console.capture() as captured:
        console.print(board)
    return captured.get().splitlines()


def test_checklist_fits_a_terminal_of_80_columns_and_24_rows(board: Board) -> None:
    for number, thing in enumerate(LINES):
        board.add(result(thing, PASSED if number < 4 else Outcome.WRONG))
    rows = shown(board)
    assert len(rows) <= 24
    assert max(map(len, rows)) <= 80
    assert sum("expected" in row for row in rows) == 1  # of the first wrong line only


def test_lines_stand_as_check_shows_them(board: Board) -> None:
    """In the order of the first look, which asks a line after those that it needs."""
    order = [LINES[2], LINES[0], LINES[1], LINES[0]]
    for thing in order:
        board.add(result(thing, PASSED))
    numbers = re.findall(r": (\d+) line", "\n".join(shown(board)))
    assert numbers[:4] == ["2", "0", "1", "3"]


def test_complete_checklist_names_the_next_command(board: Board) -> None:
    for thing in LINES:
        assert "./workbook check 1" not in "\n".join(shown(board))
        board.add(result(thing, PASSED))
    assert shown(board)[0].startswith("Phase 1 · local · 13 of 13 lines pass")
    assert "./workbook check 1" in "\n".join(shown(board))


def test_drill_under_way_withholds_what_to_run_next(board: Board, small: Small) -> None:
    drills = small.home / "drills" / "phase0"
    drills.mkdir(parents=True)
    (drills / "a_drill.py").touch()
    before = board.told_of(result("it", Outcome.WRONG), 80)
    write_under_way(find_phase(0, small.home, "local"), UnderWay("a-drill"))
    during = board.told_of(result("it", Outcome.WRONG), 80)
    assert before[-1].split() == ["run", "next", "fix", "it"]
    assert during == [*before[:-1], "     hint      ./workbook drill 0 --hint"]


def test_check_that_is_asked_again_soon_looks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbook.targets.kubernetes.SECONDS_BETWEEN_LOOKS", 0)
    seen = iter(range(9))
    assert settled(lambda: next(seen), lambda found: found == 3, seconds=SECONDS) == 3
    monkeypatch.setattr(patience, "looks_again", True)
    assert settled(lambda: next(seen), lambda found: found == 8, seconds=SECONDS) == 4

"""The shell of a lesson: strict, streamed, bounded, and one for all cells."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from workbook.learner.background import Background
from workbook.lessons.shell import FUNCTIONS, LARGEST_OUTPUT, CellFailed, Shell
from workbook.programs import run

TimeIsUpOnce = Callable[[Callable[[], object]], None]


class Cells:
    """Runs cells and keeps what they wrote."""

    def __init__(self, folder: Path) -> None:
        self.background = Background(folder / "state")
        self.shell = Shell(self.background, folder, dict(os.environ))
        self.written: list[str] = []

    def run(self, code: str, seconds: float = 20) -> str:
        self.written.clear()
        self.shell.run(code, seconds, self.written.append)
        return "".join(self.written)


@pytest.fixture
def cells(tmp_path: Path) -> Iterator[Cells]:
    cells = Cells(tmp_path)
    yield cells
    cells.background.end_all()


def eventually(condition: Callable[[], object], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def time_is_up_once(monkeypatch: pytest.MonkeyPatch) -> TimeIsUpOnce:
    """Let an hour pass for the shell once something is so, however fast this machine is."""

    def given(is_so: Callable[[], object]) -> None:
        passed = 0

        def monotonic() -> float:
            nonlocal passed
            passed = passed or (3600 if is_so() else 0)
            return time.monotonic() + passed

        clock = SimpleNamespace(monotonic=monotonic, sleep=time.sleep)
        monkeypatch.setattr("workbook.lessons.shell.time", clock)

    return given


def test_output_and_errors_are_shown(cells: Cells) -> None:
    assert cells.run("echo out; echo err >&2") == "out\nerr\n"


def test_output_is_shown_while_the_cell_runs(cells: Cells, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    seen_early: list[bool] = []

    def write(text: str) -> None:
        if "first" in text:
            seen_early.append(not gate.exists())
            gate.touch()

    cells.shell.run(f"echo first; until [ -e {gate} ]; do sleep 0.05; done; echo last", 20, write)
    assert seen_early == [True]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("echo one\nfalse\necho two", "The cell failed with status 1: line 2: false"),
        ("false | cat", "line 1: "),
        ('echo "$not_set"', "not_set"),
        ("f() { ls /nowhere; }\nf", "ls /nowhere"),
        ("exit 7", "The cell failed with status 7"),
        ("if then", "status 2"),
    ],
)
def test_the_first_failure_ends_the_cell(cells: Cells, code: str, told: str) -> None:
    with pytest.raises(CellFailed) as failure:
        cells.run(code)
    assert "two" not in "".join(cells.written)
    assert told in str(failure.value) + "".join(cells.written)


def test_exported_variables_and_the_folder_last(cells: Cells, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    cells.run("export KEPT='two words\nand a line'; lost=1; cd inner")
    assert cells.run('echo "$KEPT"; echo "${lost:-none}"; basename "$PWD"') == (
        "two words\nand a line\nnone\ninner\n"
    )


def test_the_machinery_leaves_no_variables_behind(cells: Cells) -> None:
    assert "WORKBOOK_CELL" not in cells.run("export A=1; env") + cells.run("env")


def test_a_failed_cell_keeps_what_it_exported_before(cells: Cells) -> None:
    with pytest.raises(CellFailed):
        cells.run("export BEFORE=1; false")
    assert cells.run('echo "$BEFORE"') == "1\n"


def test_a_cell_is_ended_when_its_time_is_up(
    cells: Cells, tmp_path: Path, time_is_up_once: TimeIsUpOnce
) -> None:
    file = tmp_path / "pid"
    time_is_up_once(lambda: file.exists() and file.read_text().endswith("\n"))
    with pytest.raises(CellFailed, match="time limit"):
        cells.run(f"sleep 600 & echo $! > {file}; sleep 600", seconds=600)
    pid = int(file.read_text())
    assert eventually(lambda: not psutil.pid_exists(pid))


def test_bytes_that_are_not_text_do_no_harm(cells: Cells) -> None:
    written = cells.run(r"printf 'caf\351 \xe2\x9c'; sleep 0.2; printf '\x94 \0 end'")
    assert written == "caf\ufffd ✔ \0 end"


def test_much_output_arrives_whole(cells: Cells) -> None:
    assert len(cells.run("seq 100000").splitlines()) == 100_000


def test_a_cell_that_prints_22_megabytes_is_cut_with_a_sentence(cells: Cells) -> None:
    said = cells.run("head -c 22000000 /dev/zero | tr '\\0' x; echo the end")
    assert len(said) < LARGEST_OUTPUT + 500
    assert "This cell prints more than 1,000,000 characters" in said
    log = Path(said.split()[-1])
    assert log.stat().st_size == 22_000_000 + len("the end\n")


def test_nothing_waits_for_the_keyboard(cells: Cells) -> None:
    assert cells.run("cat; echo after") == "after\n"


def test_a_program_in_the_background_outlives_its_cell(cells: Cells) -> None:
    cells.run("(while :; do echo tick; sleep 0.05; done) &")
    (program,) = cells.background.running()
    assert eventually(lambda: "tick" in program.last_lines())
    cells.run("echo another cell")
    assert cells.background.running() == [program]


def test_a_cell_that_is_run_again_replaces_its_program(cells: Cells) -> None:
    code = "sleep 600 &"
    cells.run(code)
    (first,) = cells.background.running()
    cells.run(code)
    (second,) = cells.background.running()
    assert second.pid != first.pid
    assert first.process() is None


def test_a_program_that_fails_in_the_background_fails_the_cell(cells: Cells) -> None:
    with pytest.raises(CellFailed, match="background"):
        cells.run("(exit 3) & while kill -0 $! 2> /dev/null; do sleep 0.05; done")


def test_an_interrupt_ends_what_the_cell_had_started(cells: Cells, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"

    def interrupt(text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cells.shell.run(f"sleep 600 & echo $! > {pid_file}; echo go; wait", 20, interrupt)
    pid = int(pid_file.read_text())
    assert eventually(lambda: not psutil.pid_exists(pid))


def test_what_is_ended_may_give_back_its_lock_first(
    cells: Cells, tmp_path: Path, time_is_up_once: TimeIsUpOnce
) -> None:
    """As Terraform does: bash itself is gone by then."""
    lock = tmp_path / "lock"
    time_is_up_once(lock.exists)
    code = f"""python3 -c 'import signal, pathlib, sys, time
lock = pathlib.Path("{lock}")
def give_back(*_):
    time.sleep(0.5)
    lock.unlink()
    sys.exit()
signal.signal(signal.SIGTERM, give_back)
lock.touch()
time.sleep(600)'"""
    with pytest.raises(CellFailed, match="time limit"):
        cells.run(code, seconds=600)
    assert not lock.exists()


def test_only_programs_of_ours_are_ended(cells: Cells) -> None:
    cells.run("sleep 600 &")
    (program,) = cells.background.running()
    # as after a restart of the machine: the same id, another process
    other = program.__class__(**{**program.__dict__, "started": program.started - 100})
    assert other.process() is None
    cells.background.end(other)
    assert psutil.pid_exists(program.pid)


def test_a_program_that_ends_at_once_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(pid: int) -> None:
        raise psutil.NoSuchProcess(pid)

    monkeypatch.setattr(psutil, "Process", gone)
    background = Background(tmp_path)
    program = background.start(["sh", "-c", "echo why"], tmp_path, "short")
    assert program.process() is None
    deadline = time.monotonic() + 10
    while not program.last_lines() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert program.last_lines() == "why"
    assert background.remembered() == []


def test_a_program_that_ignores_the_polite_signal_is_ended(
    cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbook.learner.background.SECONDS_TO_END", 0.3)
    cells.run("""python3 -c 'import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)' &""")
    (program,) = cells.background.running()
    assert eventually(lambda: "ready" in program.last_lines())
    os.kill(program.pid, signal.SIGTERM)
    cells.background.end_all()
    assert program.process() is None


def test_patiently_repeats_a_command_and_shows_what_it_said_at_last(
    cells: Cells, tmp_path: Path
) -> None:
    second = tmp_path / "second"
    look = (
        f"look() {{ [ -e {second} ] || {{ touch {second}; echo early; return 1; }}; echo late; }}"
    )
    assert cells.run(f"{look}\npatiently 20 look") == "late\n"


def test_patiently_is_there_in_a_shell_that_the_cell_starts(cells: Cells) -> None:
    assert cells.run("bash -c 'patiently 20 echo there'") == "there\n"


@pytest.mark.parametrize(
    ("command", "said"),
    [("grep -c wanted /dev/null", "0"), ("false", "nothing"), ("sleep 600", "nothing")],
)
def test_patiently_says_what_did_not_come(cells: Cells, command: str, said: str) -> None:
    with pytest.raises(CellFailed, match=r"^The cell failed with status 1\b"):
        cells.run(f"patiently 1 {command}; echo reached")
    shown = "".join(cells.written)
    assert f"Not within 1 s: {command}\nIt said last: {said}\n" in shown
    assert "reached" not in shown


def test_a_terminal_of_the_learners_own_has_patiently() -> None:
    done = run(["bash", "-c", '. "$0"; patiently 20 echo there', FUNCTIONS], 60)
    assert (done.returncode, done.stdout) == (0, "there\n")


def test_patiently_kills_a_program_that_ignores_the_end_of_its_time(tmp_path: Path) -> None:
    deaf = program(tmp_path / "deaf", "trap '' TERM\nwhile :; do sleep 1; done")
    done = run(["bash", "-c", f'. "$0"; patiently 1 {deaf}', FUNCTIONS], 60)
    assert (done.returncode, done.stderr) == (1, f"Not within 1 s: {deaf}\nIt said last: nothing\n")


def test_patiently_gives_each_try_the_time_that_is_left(tmp_path: Path) -> None:
    limits = tmp_path / "limits"
    program(tmp_path / "timeout", f'echo "$3" >> {limits}; shift 3; exec "$@"')
    never = program(tmp_path / "never", "exit 1")
    a_second_goes_by = "sleep() { SECONDS=$((SECONDS + 1)); }"
    script = f'. "$0"; PATH={tmp_path}:$PATH; {a_second_goes_by}; patiently 20 {never}'
    assert run(["bash", "-c", script, FUNCTIONS], 60).returncode == 1
    first, *later = map(int, limits.read_text().split())
    assert first <= 21
    assert [first, *later] == sorted([first, *later], reverse=True)
    assert 0 < later[-1] < first


def test_patiently_accepts_the_name_that_timeout_has_on_macos(tmp_path: Path) -> None:
    program(tmp_path / "gtimeout", 'echo "limited:"; shift 3; exec "$@"')
    done = run(["bash", "-c", only(tmp_path, "patiently 9 there"), FUNCTIONS], 60)
    assert (done.stdout, done.stderr) == ("limited:\nthere\n", "")


def test_patiently_says_once_that_a_try_has_no_limit_of_its_own(tmp_path: Path) -> None:
    script = only(tmp_path, "patiently 9 there; patiently 1 never")
    done = run(["bash", "-c", script, FUNCTIONS], 60)
    assert done.stdout == "there\n"
    assert done.stderr.count("There is no program timeout here: one try of there may") == 1
    assert done.stderr.count("There is no program timeout here: one try of never may") == 1


def test_a_refusal_that_is_expected_is_shown_and_is_no_failure(cells: Cells) -> None:
    said = cells.run("refused 'No such file' ls /nowhere; echo reached")
    assert "No such file" in said
    assert said.endswith("reached\n")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo done", "This was not refused: echo done\nIt said: done\n"),
        ("false", "another reason"),
    ],
)
def test_what_should_have_been_refused_and_was_not_stops_the_cell(
    cells: Cells, command: str, said: str
) -> None:
    with pytest.raises(CellFailed, match=r"^The cell failed with status 1\b"):
        cells.run(f"refused 'No such file' {command}; echo reached")
    shown = "".join(cells.written)
    assert said in shown
    assert "reached" not in shown


def test_endpoint_asks_for_the_pod_that_is_ready(tmp_path: Path) -> None:
    program(tmp_path / "kubectl", 'echo "$@"')
    done = run(["bash", "-c", f'. "$0"; PATH={tmp_path}; endpoint', FUNCTIONS], 60)
    assert "--selector kubernetes.io/service-name=ml-api" in done.stdout
    assert "ready==true" in done.stdout


def program(file: Path, script: str) -> Path:
    """A program of sh."""
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def only(folder: Path, script: str) -> str:
    """A script that has patiently, and no program but sleep and those of a folder."""
    program(folder / "there", "echo there")
    program(folder / "never", "exit 1")
    (folder / "sleep").symlink_to(shutil.which("sleep") or "")
    return f'. "$0"; PATH={folder}; {script}'

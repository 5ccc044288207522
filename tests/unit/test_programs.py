"""Programs are called in one way, and none without a time limit."""

import ast
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import sh
from copies import ROOT

from workbook.programs import TookTooLong, kill_group, run
from workbook.targets.kubernetes import eventually


def test_status_output_and_errors_are_handed_back() -> None:
    done = run(["sh", "-c", "cat; echo trouble >&2; exit 3"], 10, stdin="grüße")
    assert (done.returncode, done.stdout, done.stderr) == (3, "grüße", "trouble\n")


def test_a_program_that_reads_finds_the_end_of_its_input() -> None:
    assert run(["cat"], 10).stdout == ""


def test_bytes_that_are_no_text_do_not_stop_it() -> None:
    assert run(["printf", r"\377 and more"], 10).stdout == "\N{REPLACEMENT CHARACTER} and more"


def test_a_signal_is_a_negative_status() -> None:
    assert run(["sh", "-c", "kill -KILL $$"], 10).returncode == -9


def test_folder_and_environment_are_those_that_were_given(tmp_path: Path) -> None:
    said = run(["/bin/sh", "-c", "pwd; env"], 10, directory=tmp_path, environment={"ONE": "1"})
    folder, *variables = said.stdout.splitlines()
    assert folder == str(tmp_path)
    assert "ONE=1" in variables
    assert not any(line.startswith("HOME=") for line in variables)


def test_much_output_is_handed_back_whole() -> None:
    done = run(["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x"], 60)
    assert done.stdout == 3_000_000 * "x"


def test_at_the_time_limit_it_ends_with_all_that_it_started(tmp_path: Path) -> None:
    child = tmp_path / "child"
    script = f"sleep 600 & echo $! > {child}; sleep 600"
    with pytest.raises(TookTooLong, match=r"^sh -c .* has not ended within 1 s") as raised:
        run(["sh", "-c", script], 1)
    assert raised.value.run_next
    assert _is_gone(int(child.read_text()))


def test_interrupted_it_ends_with_all_that_it_started(tmp_path: Path) -> None:
    """Ctrl-C reaches us and not the program, which has a group of its own."""
    child = tmp_path / "child"
    script = f"sleep 600 & echo $! > {child}.new; mv {child}.new {child}; sleep 600"
    code = f"from workbook.programs import run; run(['sh', '-c', {script!r}], 600)"
    caller = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    assert eventually(child.exists, bool, 30)
    caller.send_signal(signal.SIGINT)
    assert caller.wait(30) != 0
    assert _is_gone(int(child.read_text()))


def test_interrupted_while_it_starts_it_ends_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    start = sh.Command.__call__

    def start_and_interrupt(self: sh.Command, *words: str, **how: Any) -> sh.RunningCommand:
        running = start(self, *words, **how)
        started.append(running.pid)
        signal.raise_signal(signal.SIGINT)
        return running

    monkeypatch.setattr(sh.Command, "__call__", start_and_interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(["sleep", "600"], 600)
    assert _is_gone(started[0])


@pytest.mark.parametrize("error", [ProcessLookupError, PermissionError])
def test_a_group_that_has_ended_need_not_be_killed(
    error: type[OSError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killpg(leader: int, number: int) -> None:
        raise error

    monkeypatch.setattr("os.killpg", killpg)
    kill_group(2**22)


@pytest.mark.parametrize("folder", [None, Path("/nowhere")])
def test_what_is_missing_is_named(folder: Path | None) -> None:
    program = "true" if folder else "no-such-program"
    with pytest.raises(FileNotFoundError, match="/nowhere" if folder else program):
        run([program], 10, directory=folder)


def _is_gone(pid: int) -> bool:
    try:
        psutil.Process(pid).wait(10)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


# Which files call a program otherwise, and why. Each of them bounds it.
OTHER_WAYS = {
    "src/workbook/bootstrap.py": "runs before any package is there",
    "src/workbook/cli/actions.py": "shows what the checks say as they say it",
    "src/workbook/cli/learn.py": "lets git see the terminal, for its colours",
    "src/workbook/cli/watching.py": "shows what the checks find as they find it",
    "src/workbook/dev/suite.py": "shows what the tests say as they say it",
    "src/workbook/learner/background.py": "starts what goes on after us",
    "src/workbook/lessons/shell.py": "shows what a cell says, within the time limit of the cell",
    "src/workbook/targets/changes.py": "listens to kubectl until we end it",
    "src/workbook/targets/local/kind.py": "is remembered, so that the next process can end it",
    "src/workbook/targets/local/kit.py": "is ended at its first words",
    "src/workbook/measure/traffic.py": "shows what a command says, while requests are sent",
}
STARTS_A_PROGRAM = re.compile(
    r"subprocess\.(run|Popen|call|check_call|check_output|getoutput|getstatusoutput)"
    r"|asyncio\.create_subprocess_\w+|os\.(system|popen|spawn\w+)|sh\.\w+"
)


def callers(code: str) -> list[ast.Call]:
    """The calls of subprocess, asyncio's subprocess, os and sh in a module."""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    return [call for call in calls if STARTS_A_PROGRAM.fullmatch(ast.unparse(call.func))]


def test_every_other_program_is_called_by_run() -> None:
    places = [
        str(file.relative_to(ROOT))
        for folder in ("src", "checks", "drills", "exercises")
        for file in (ROOT / folder).rglob("*.py")
        if callers(file.read_text(encoding="utf-8"))
    ]
    assert sorted(places) == sorted([*OTHER_WAYS, "src/workbook/programs.py"])


@pytest.mark.parametrize("file", OTHER_WAYS)
def test_subprocess_run_has_a_time_limit(file: str) -> None:
    calls = callers((ROOT / file).read_text(encoding="utf-8"))
    assert calls
    assert [ast.unparse(each) for each in calls if is_unbounded(each)] == []


def is_unbounded(call: ast.Call) -> bool:
    streams = re.search(r"Popen|create_subprocess", ast.unparse(call.func))
    return not streams and "timeout" not in {keyword.arg for keyword in call.keywords}


@pytest.mark.parametrize(
    "code",
    [
        "import subprocess\nsubprocess.run(['true'])",
        "import subprocess\ndef later():\n    return subprocess.check_output(['true'])",
        "import os\nos.system('true')",
    ],
)
def test_a_call_without_a_time_limit_is_found(code: str) -> None:
    [call] = callers(code)
    assert is_unbounded(call)


def test_sh_by_itself_is_found() -> None:
    assert callers("import sh\nsh.git('status')")

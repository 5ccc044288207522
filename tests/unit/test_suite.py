"""`workbook test`: which parts are run, and what is said of them at the end."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from workbook.dev import suite
from workbook.dev.minutes import seconds_by_kind, table_of
from workbook.dev.suite import Done, Part, run_suite
from workbook.targets.kubernetes import eventually

REPORT = """<testsuites><testsuite>
<testcase name="a" time="90"><properties><property name="phase" value="2"/>
<property name="kind" value="lesson"/></properties></testcase>
<testcase name="b" time="30"><properties><property name="phase" value="2"/>
<property name="kind" value="drills"/></properties></testcase>
<testcase name="c" time="60"><properties><property name="phase" value="3"/>
<property name="kind" value="lesson"/></properties></testcase>
</testsuite></testsuites>"""


def test_what_failed_is_said_again_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(home: Path, part: Part, show: bool = False) -> Done:
        lines = [f"{part.name} {number}" for number in range(100)]
        return Done(part, part.name == "types", 0.1, "\n".join(lines))

    monkeypatch.setattr(suite, "_install_tools", lambda home: None)
    monkeypatch.setattr(suite, "_run", run)
    assert run_suite(tmp_path, quick=True, live=False) == 1
    _, table, end = capsys.readouterr().out.rpartition("everything")
    assert table
    assert "everything" in (tmp_path / ".workbook/tests/minutes.txt").read_text()
    assert "The end of what types said:\ntypes 60\n" in end
    assert "types 99\n" in end
    assert "lint" not in end


@pytest.mark.parametrize(("code", "failed"), [("print('said')", False), ("import no_module", True)])
def test_a_part_is_kept_and_shown(
    code: str, failed: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    done = suite._run(tmp_path, Part("a part", ("python", "-c", code)), show=True)
    assert done.failed is failed
    assert ("no_module" if failed else "said") in done.said
    assert capfd.readouterr().out == done.said


def test_the_time_limit_of_a_part_ends_what_it_has_left_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = tmp_path / "begun"
    limits: list[float] = []
    still: list[bool] = []

    class OnceBegun(threading.Timer):
        """A limit that is reached once the part has begun, however long that takes here."""

        def run(self) -> None:
            limits.append(self.interval)
            child = int(eventually(lambda: begun.exists() and begun.read_text(), bool, 60))
            self.function()
            still.append(eventually(lambda: psutil.pid_exists(child), lambda is_so: not is_so, 10))

    monkeypatch.setattr(suite.threading, "Timer", OnceBegun)
    code = f"""
import pathlib, subprocess
print("begun", flush=True)
pathlib.Path({str(begun)!r}).write_text(str(subprocess.Popen(["sleep", "30"]).pid))
"""
    done = suite._run(tmp_path, Part("a part", ("python", "-c", code)))
    assert done.failed
    assert limits == [suite.SECONDS_OF_A_PART]
    assert done.said == f"begun\n\nended after {suite.SECONDS_OF_A_PART} s\n"
    assert eventually(lambda: still, bool, 20) == [False]


def test_ctrl_c_ends_every_part_with_all_that_it_started(tmp_path: Path) -> None:
    part = f"import os, time; open('{tmp_path}/' + str(os.getpid()), 'x'); time.sleep(60)"
    code = f"""
from pathlib import Path
from workbook.dev import suite
suite._install_tools = lambda home: None
suite.os.cpu_count = lambda: 2
suite._quick = lambda home: [suite.Part(name, ("python", "-c", {part!r})) for name in "abcd"]
suite.run_suite(Path({str(tmp_path)!r}), quick=True, live=False)
"""
    caller = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)

    def parts() -> list[int]:
        return [int(file.name) for file in tmp_path.iterdir() if file.name.isdecimal()]

    assert len(eventually(parts, lambda found: len(found) == 2, 30)) == 2
    caller.send_signal(signal.SIGINT)
    assert caller.wait(30) != 0
    assert len(parts()) == 2  # no other was begun
    assert [pid for pid in parts() if psutil.pid_exists(pid)] == []


@pytest.mark.parametrize(
    ("quick", "live", "every_proof"),
    [(True, False, False), (False, True, False), (True, True, True)],
)
def test_live_parts_are_run_when_they_are_asked_for(
    quick: bool,
    live: bool,
    every_proof: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran: dict[str, tuple[str, ...]] = {}

    def run(home: Path, part: Part, show: bool = False) -> Done:
        ran[part.name] = part.command
        return Done(part, False, 0.1, "")

    monkeypatch.setattr(suite, "_install_tools", lambda home: None)
    monkeypatch.setattr(suite, "_install_browser", lambda: None)
    monkeypatch.setattr(suite, "_run", run)
    assert run_suite(tmp_path, quick, live, every_proof) == 0
    assert ("lint" in ran) is quick
    assert ("the live system" in ran) is live
    if live:
        limited = any(word.startswith("--proof-seconds") for word in ran["the live system"])
        assert limited is not every_proof
        assert ("--write-ledger" in ran["the live system"]) is every_proof


def test_each_phase_with_code_of_its_own_is_tested_and_the_largest_first(tmp_path: Path) -> None:
    files = {
        "phase0/sentiment/api.py": "1",
        "phase0/tests/test_api.py": "1",
        "phase1/sentiment/api.py": "1",
        "phase1/tests/test_api.py": "1",
        "phase2/sentiment/api.py": "1",
        "phase2/tests/test_api.py": "2",
        "phase3/sentiment/api.py": "3",
        "phase3/tests/test_api.py": "2",
        "phase4/sentiment/api.py": "3",
        "phase4/tests/test_api.py": "2",
        "phase4/DATA.md": "which a test reads",
        "phase5/sentiment/api.py": "3",
        "phase5/tests/test_api.py": "2",
        "phase5/DATA.md": "which a test reads",
        "phase5/README.md": "another lesson",
    }
    for name, content in files.items():
        (tmp_path / "phases" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "phases" / name).write_text(content)
    names = [part.name for part in suite._quick(tmp_path)]
    tested = [name.partition("'")[0] for name in names if name.endswith("own tests")]
    assert tested == ["phase4", "phase3", "phase2", "phase0"]


def test_minutes_are_added_up_by_phase_and_kind(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    lines = [line.split() for line in table_of(seconds_by_kind(report)).splitlines()]
    assert lines == [
        ["minutes", "lesson", "drills", "sum"],
        ["phase", "2", "1.5", "0.5", "2.0"],
        ["phase", "3", "1.0", "-", "1.0"],
        ["sum", "2.5", "0.5", "3.0"],
    ]


def test_the_seconds_of_each_move_are_shown_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    moves = '<property name="goto 3" value="41.4"/><property name="goto 4" value="65.6"/>'

    def run(home: Path, part: Part, show: bool = False) -> Done:
        (home / part.report).write_text(REPORT.replace("</properties>", f"{moves}</properties>", 1))
        return Done(part, False, 0.1, "")

    monkeypatch.setattr(suite, "_install_browser", lambda: None)
    monkeypatch.setattr(suite, "_install_tools", lambda home: None)
    monkeypatch.setattr(suite, "_run", run)
    assert run_suite(tmp_path, quick=False, live=True) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line for line in lines if line[:1] == ["goto"]] == [
        ["goto", "3", "41", "s"],
        ["goto", "4", "66", "s"],
    ]

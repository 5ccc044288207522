"""What a learner sees of a drill: the list, the hints one by one, and what is recorded."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from random import Random

import psutil
import pytest
from copies import clean_environment, copy_manifests
from small_workbook import IS_WRONG, PASSES, Small
from typer.testing import CliRunner
from typer.testing import Result as Done

from workbook.checks.check import Checked, Result, check, keep_results
from workbook.cli import actions, app
from workbook.course.phase import Phase
from workbook.drills import of_phase
from workbook.drills.drill import Drill, NothingToBreak, System
from workbook.drills.of_phase import Drills, in_random_order
from workbook.errors import WorkbookError
from workbook.learner.background import OF_DRILL, Background
from workbook.learner.choices import Choices
from workbook.learner.drills import (
    Ended,
    UnderWay,
    in_words,
    read_ended,
    read_under_way,
    record_ended,
    write_under_way,
)
from workbook.learner.store import write_json
from workbook.outcome import Outcome

BEFORE, BEGUN, AFTER = (f"2026-11-28T10:{minute}:00Z" for minute in ("00", "10", "22"))
LATER = "2099-01-01T00:00:00Z"  # than any drill that a test begins
ROWS = {"expected": "one", "found": "two", "why": "it was renamed", "run next": "rename it"}
HINTS = ("Look.", "Look there.", "It is there.")


@check(read="phases/phase0/README.md#a")
def it_works() -> str:
    """It works"""
    return ""


def make(title: str, difficulty: int, **more: Callable[[System], None]) -> Drill:
    nothing: dict[str, Callable[[System], None]] = {
        "break_it": lambda system: None,
        "fix": lambda system: None,
    }
    return Drill(title, difficulty, it_works, HINTS, "Rename it back.", **{**nothing, **more})


DRILLS = {
    "hard-one": make("The hard title.", 3),
    "easy-one": make("The easy title.", 1),
    "middle-one": make("The middle title.", 2),
}


@pytest.fixture
def drills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drills:
    """Three drills of phase 0, and the CLI in this process has them."""
    copy_manifests(tmp_path)
    (tmp_path / "phases/phase0/README.md").write_text("# Phase 0\n")
    (tmp_path / "drills/phase0").mkdir(parents=True)
    for name in DRILLS:
        (tmp_path / "drills/phase0" / f"{name.replace('-', '_')}.py").touch()
    monkeypatch.setattr(Drills, "load", lambda self, name: DRILLS[name])
    monkeypatch.setenv("WORKBOOK_ROOT", str(tmp_path))
    monkeypatch.delenv("COLUMNS", raising=False)
    phase = Phase(0, tmp_path, "local")
    return Drills(System(phase, Choices(), Background(phase.state)))


def call(*words: str) -> Done:
    return CliRunner().invoke(app, [*words], prog_name="./workbook")


def checked(
    phase: Phase, outcome: Outcome, when: str = AFTER, rows: dict[str, str] | None = None
) -> Checked:
    """Keep what the check of the drills came to."""
    made = Checked(when, [Result("it_works", "It works", outcome, 0.1, rows=rows or {})])
    write_json(phase.state / "checks.json", asdict(made))
    return made


def solve(phase: Phase, name: str, by_hand: bool = True, hints: int = 1) -> None:
    record_ended(phase, Ended(name, BEGUN, AFTER, hints, by_hand))


# The list


def test_list_is_in_order_of_difficulty_and_shows_titles_and_no_name(drills: Drills) -> None:
    said = call("drill", "0").stdout
    places = [said.index(f"The {title} title.") for title in ("easy", "middle", "hard")]
    assert places == sorted(places)
    assert "-one" not in said
    assert said.endswith("Next: ./workbook drill 0 1\n")


def test_list_shows_what_was_solved_and_proposes_the_next(drills: Drills) -> None:
    solve(drills.phase, "easy-one")
    said = call("drill", "0").stdout
    assert "solved in 12 min, with 1 hint: easy-one\n" in said
    assert said.endswith("Next: ./workbook drill 0 2\n")


def test_drill_that_fix_ended_is_proposed_again_after_new_ones(drills: Drills) -> None:
    solve(drills.phase, "easy-one", by_hand=False, hints=5)
    assert "ended by --fix in 12 min, with 5 hints" in call("drill", "0").stdout
    assert drills.next() == "./workbook drill 0 2"
    solve(drills.phase, "middle-one")
    solve(drills.phase, "hard-one")
    assert drills.next() == "./workbook drill 0 1"
    record_ended(drills.phase, Ended("easy-one", AFTER, AFTER, 0, by_hand=True))
    assert drills.next() is None
    assert "drill --random" in call("drill", "0").stdout


def test_long_title_is_wrapped_below_its_beginning(
    drills: Drills, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setitem(DRILLS, "easy-one", make("A title of more than thirty characters.", 1))
    said = call("drill", "0").stdout
    assert "  1  ●    A title of more than thirty\n          characters.\n" in said


@pytest.mark.parametrize("which", ["2", "middle-one"])
def test_drill_is_begun_by_its_number_or_its_name(drills: Drills, which: str) -> None:
    said = call("drill", "0", which).stdout
    assert said.startswith("The middle title.\n")
    assert "middle-one" not in said
    assert drills.under_way() == "middle-one"
    listed = call("drill", "0").stdout
    assert "under way for" in listed
    assert "middle-one" not in listed
    assert "./workbook drill 0 --hint" in listed


@pytest.mark.parametrize("which", ["0", "4"])
def test_number_that_is_not_in_the_list_is_refused(drills: Drills, which: str) -> None:
    assert drills.named(which) == which  # the name of no drill


def test_second_drill_is_refused_on_the_same_target(drills: Drills) -> None:
    drills.begin("easy-one")
    with pytest.raises(WorkbookError, match="A drill of phase 0 is under way") as refused:
        drills.begin("hard-one")
    assert refused.value.run_next == "./workbook drill 0 --fix"
    assert drills.under_way() == "easy-one"


# Hints


def test_hints_of_the_check_come_after_those_of_the_drill(drills: Drills) -> None:
    write_under_way(drills.phase, UnderWay("easy-one", begun=BEGUN))
    checked(drills.phase, Outcome.WRONG, rows=ROWS)
    said = [call("drill", "0", "--hint").stdout.strip() for _ in range(7)]
    assert said == [
        "Hint 1 of 5: Look.",
        "Hint 2 of 5: Look there.",
        "Hint 3 of 5: It is there.",
        "Hint 4 of 5: The check says why: it was renamed",
        "Hint 5 of 5: Run next: rename it",
        *["That was the last hint. Explain and apply the fix: ./workbook drill 0 --fix"] * 2,
    ]
    current = read_under_way(drills.phase)
    assert current == UnderWay("easy-one", 5, BEGUN)


@pytest.mark.parametrize("earlier", [False, True])
def test_hints_of_the_check_wait_for_the_check(drills: Drills, earlier: bool) -> None:
    write_under_way(drills.phase, UnderWay("easy-one", len(HINTS), BEGUN))
    if earlier:  # of before the drill
        checked(drills.phase, Outcome.WRONG, BEFORE, ROWS)
    for _ in range(2):
        done = call("drill", "0", "--hint")
        assert isinstance(done.exception, WorkbookError)
        assert done.exception.run_next == "./workbook check 0"
    checked(drills.phase, Outcome.WRONG, AFTER, ROWS)
    assert "Hint 4 of 5" in call("drill", "0", "--hint").stdout


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.UNKNOWN])
def test_check_that_another_cause_hides_has_no_hints(drills: Drills, outcome: Outcome) -> None:
    write_under_way(drills.phase, UnderWay("easy-one", len(HINTS), BEGUN))
    checked(drills.phase, outcome)
    assert "That was the last hint" in call("drill", "0", "--hint").stdout


def test_promise_of_a_later_phase_has_the_hints(drills: Drills) -> None:
    write_under_way(drills.phase, UnderWay("easy-one", len(HINTS), BEGUN))
    later = Phase(1, drills.phase.root, "local")
    (later.directory / "README.md").touch()
    result = Result("it_works", "It works", Outcome.WRONG, 0.1, rows=ROWS)
    write_json(later.state / "checks.json", asdict(Checked(AFTER, [], [result])))
    assert "it was renamed" in call("drill", "0", "--hint").stdout


def test_without_a_number_hint_and_fix_are_of_the_drill_under_way(drills: Drills) -> None:
    none = call("drill", "--hint")
    assert isinstance(none.exception, WorkbookError)
    assert none.exception.run_next == "./workbook drill 0"
    drills.begin("hard-one")
    assert "Hint 1 of 5: Look." in call("drill", "--hint").stdout
    assert "Rename it back." in call("drill", "--fix").stdout
    assert drills.under_way() is None


# The record


def check_again(
    phase: Phase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """`check`, whose results are kept already; returns what it says about the drill."""
    phase.checks.mkdir(parents=True, exist_ok=True)
    done = subprocess.CompletedProcess[bytes]([], 0)
    monkeypatch.setattr(actions.subprocess, "run", lambda *_, **__: done)
    actions.check_lesson(phase)
    return capsys.readouterr().out


def test_drill_fixed_by_hand_is_recorded_with_time_and_hints(
    drills: Drills, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_under_way(drills.phase, UnderWay("easy-one", 1, BEGUN))
    checked(drills.phase, Outcome.PASSED)
    monkeypatch.setattr(of_phase, "moment", lambda: AFTER)
    said = check_again(drills.phase, monkeypatch, capsys)
    assert "The drill easy-one is over: you fixed it, in 12 min, with 1 hint." in said
    assert "Next: ./workbook drill 0 2" in said
    assert read_ended(drills.phase) == {"easy-one": Ended("easy-one", BEGUN, AFTER, 1, True)}
    assert drills.under_way() is None


def test_receipt_has_the_drills_that_ended(drills: Drills) -> None:
    checked(drills.phase, Outcome.PASSED)
    solve(drills.phase, "easy-one", hints=0)
    assert call("receipt", "0").exit_code == 0
    written = (drills.phase.state / "receipt.md").read_text()
    assert "- easy-one: solved in 12 min, without a hint\n" in written


@pytest.mark.parametrize("when", [BEFORE, BEGUN])
def test_check_of_before_the_drill_does_not_end_it(
    drills: Drills,
    when: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As where the new check was interrupted, so that the results are old."""
    write_under_way(drills.phase, UnderWay("easy-one", 1, BEGUN))
    checked(drills.phase, Outcome.PASSED, when)
    assert check_again(drills.phase, monkeypatch, capsys) == ""
    assert drills.under_way() == "easy-one"


def test_fix_is_recorded_as_fix(drills: Drills) -> None:
    drills.begin("easy-one")
    drills.fix()
    assert not read_ended(drills.phase)["easy-one"].by_hand
    assert drills.tried("easy-one") == 1


def test_own_fix_counts_for_more_than_a_later_one_by_the_program(drills: Drills) -> None:
    solve(drills.phase, "easy-one")
    record_ended(drills.phase, Ended("easy-one", AFTER, AFTER, 5, by_hand=False))
    assert read_ended(drills.phase)["easy-one"].by_hand


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (750, "12 min"), (3599, "1 h 0 min")],
)
def test_time_is_told_in_words(seconds: float, said: str) -> None:
    assert in_words(seconds) == said


# Interruptions


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_break_that_failed_half_way_is_put_back_by_fix(
    drills: Drills, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(system: System) -> None:
        raise WorkbookError("The break does not show on the cluster.", "./workbook status")

    monkeypatch.setitem(DRILLS, "easy-one", make("A title.", 1, break_it=fail))
    with pytest.raises(WorkbookError, match="does not show") as raised:
        drills.begin("easy-one")
    assert raised.value.run_next == "./workbook drill 0 --fix"
    assert drills.under_way() == "easy-one"


def test_drill_that_is_interrupted_is_still_under_way(
    drills: Drills, monkeypatch: pytest.MonkeyPatch
) -> None:
    stops = make("A title.", 1, break_it=interrupted, fix=interrupted)
    with monkeypatch.context() as patch:
        patch.setitem(DRILLS, "easy-one", stops)
        with pytest.raises(KeyboardInterrupt):
            drills.begin("easy-one")
        assert drills.under_way() == "easy-one"
        with pytest.raises(KeyboardInterrupt):
            drills.fix()
    assert drills.under_way() == "easy-one"
    assert read_ended(drills.phase) == {}
    drills.fix()
    assert [*read_ended(drills.phase)] == ["easy-one"]


def test_a_check_that_passes_while_a_drill_breaks_does_not_end_it(
    drills: Drills, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    passed = checked(drills.phase, Outcome.PASSED, LATER)

    def break_it(system: System) -> None:
        (system.kept / "a-copy").touch()
        assert check_again(system.phase, monkeypatch, capsys) == ""
        assert drills.end_if_passed(passed) is None
        assert (system.kept / "a-copy").exists()

    monkeypatch.setitem(DRILLS, "easy-one", make("A title.", 1, break_it=break_it))
    drills.begin("easy-one")
    assert drills.under_way() == "easy-one"
    assert drills.end_if_passed(passed) is not None


def test_a_check_that_ran_while_a_drill_broke_does_not_end_it(
    drills: Drills, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its line may have passed before the drill broke it."""
    drills.phase.checks.mkdir(parents=True)

    def run_checks(*_: object, **__: object) -> subprocess.CompletedProcess[bytes]:
        drills.begin("easy-one")
        checked(drills.phase, Outcome.PASSED, LATER)
        return subprocess.CompletedProcess([], 0)

    monkeypatch.setattr(actions.subprocess, "run", run_checks)
    actions.check_lesson(drills.phase)
    assert capsys.readouterr().out == ""
    assert drills.under_way() == "easy-one"


def test_a_check_that_passes_while_fix_works_does_not_end_the_drill(
    drills: Drills, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fix(system: System) -> None:
        checked(system.phase, Outcome.PASSED, LATER)
        assert check_again(system.phase, monkeypatch, capsys) == ""
        assert (system.kept / "a-copy").exists()

    def break_it(system: System) -> None:
        (system.kept / "a-copy").touch()

    monkeypatch.setitem(DRILLS, "easy-one", make("A title.", 1, break_it=break_it, fix=fix))
    drills.begin("easy-one")
    drills.fix()
    assert not read_ended(drills.phase)["easy-one"].by_hand


def test_drill_of_an_older_version_ends_by_a_check(
    drills: Drills, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its file does not say when the drill began: the file's own time does."""
    file = drills.phase.state / "drill.json"
    write_json(file, {"name": "easy-one", "hints": 0})
    an_hour_ago = time.time() - 3600
    os.utime(file, (an_hour_ago, an_hour_ago))
    keep_results(drills.phase, [Result("it_works", "It works", Outcome.PASSED, 0.1)], [])
    assert "you fixed it, in 1 h 0 min" in check_again(drills.phase, monkeypatch, capsys)
    assert drills.under_way() is None


@pytest.mark.parametrize("step", ["record_ended", "shutil.rmtree", "write_under_way"])
def test_end_that_is_interrupted_ends_the_next_time(
    drills: Drills, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drills.begin("easy-one")
    with monkeypatch.context() as patch:
        patch.setattr(f"workbook.drills.of_phase.{step}", interrupted)
        with pytest.raises(KeyboardInterrupt):
            drills.fix()
    assert drills.under_way() == "easy-one"
    drills.fix()
    assert drills.under_way() is None
    kept = (drills.phase.state / "drills-ended.json").read_text()
    assert kept.count("easy-one") == 1


BREAKS_AND_DIES = """
import os, signal
from checks.phase0.test_all import test_second
from workbook.drills.drill import Drill, System

def at(system: System, step: str) -> None:
    if (system.phase.root / step).exists():
        os.kill(os.getpid(), int((system.phase.root / step).read_text()))

def break_it(system: System) -> None:
    at(system, "before")
    system.keep(system.phase.root / "file")
    at(system, "kept")
    (system.phase.root / "file").write_text("broken")
    at(system, "broken")

def fix(system: System) -> None:
    system.put_back(system.phase.root / "file")
    at(system, "fixed")

DRILL = Drill("It broke.", 1, test_second, ("a", "b", "c"), "Write it.", break_it, fix)
"""


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("step", ["before", "kept", "broken", "fixed"])
def test_ended_drill_is_fixed_and_recorded_once(
    tmp_path: Path, step: str, sent: signal.Signals
) -> None:
    small = Small(tmp_path)
    small.write(0, PASSES, IS_WRONG)
    (tmp_path / "drills/phase0").mkdir(parents=True)
    (tmp_path / "drills/phase0/one_file.py").write_text(BREAKS_AND_DIES)
    (tmp_path / "file").write_text("good")

    def workbook(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "workbook", *words]
        environment = clean_environment(WORKBOOK_ROOT=str(tmp_path))
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
        )

    (tmp_path / step).write_text(str(int(sent)))
    ended = [workbook("drill", "0", "1"), workbook("drill", "0", "--fix")]
    assert {130, -signal.SIGKILL} & {done.returncode for done in ended}
    assert "Traceback" not in "".join(done.stderr for done in ended)
    (tmp_path / step).unlink()
    if read_under_way(Phase(0, tmp_path, "local")):
        assert workbook("drill", "0", "--fix").returncode == 0
    assert (tmp_path / "file").read_text() == "good"
    phase = Phase(0, tmp_path, "local")
    assert [*read_ended(phase)] == ["one-file"]
    assert read_under_way(phase) is None
    assert not any((phase.state / "drill").glob("*"))
    assert workbook("drill", "0", "one-file").returncode == 0


def test_what_a_killed_drill_has_started_ends_with_it(drills: Drills) -> None:
    """A training would save its model after --fix has put back the old one."""
    drills.phase.directory.mkdir(exist_ok=True)
    code = f"""
from pathlib import Path
from workbook.course.phase import Phase
from workbook.drills.drill import System
from workbook.learner.background import Background
from workbook.learner.choices import Choices
phase = Phase(0, Path({str(drills.phase.root)!r}), "local")
System(phase, Choices(), Background(phase.state)).python("import time; time.sleep(60)")
"""
    with subprocess.Popen([sys.executable, "-c", code]) as killed:
        drill = psutil.Process(killed.pid)
        deadline = time.monotonic() + 30
        while not (started := drill.children()) and time.monotonic() < deadline:
            time.sleep(0.05)
        killed.kill()
    assert started
    _, alive = psutil.wait_procs(started, timeout=30)
    assert not alive


def test_kept_copy_is_whole_or_is_not_there(
    drills: Drills, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("good")
    system = System(drills.phase, Choices(), Background(drills.phase.state))

    def partly(source: Path, to: Path) -> None:
        to.write_text("go")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("workbook.drills.drill.shutil.copyfile", partly)
        with pytest.raises(KeyboardInterrupt):
            system.keep(file)
    system.put_back(file)
    assert file.read_text() == "good"


def test_drill_of_a_cluster_that_was_removed_has_ended(
    drills: Drills, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its --fix would name `goto`, and `goto` would name --fix."""

    def put_back(system: System) -> None:
        system.put_back(system.phase.root / "file")
        raise NothingToBreak("There is no cluster yet.", "./workbook goto 1")

    home = drills.phase.root
    (home / "phases/phase1/README.md").touch()
    (home / "drills/phase1").mkdir()
    (home / "drills/phase1/easy_one.py").touch()
    monkeypatch.setitem(DRILLS, "easy-one", make("A title.", 1, fix=put_back))
    phase = Phase(1, home, "local")
    of_cluster = Drills(System(phase, Choices(), Background(phase.state)))
    of_cluster.begin("easy-one")
    kept = phase.state / "drill" / "file"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("mine")
    monkeypatch.setattr("workbook.targets.local.down.down", lambda *_: None)
    assert "The drill of phase 1 has ended" in call("down", "--yes").stdout
    assert read_under_way(phase) is None
    assert not kept.exists()
    assert (home / "file").read_text() == "mine"
    assert read_ended(phase) == {}


def test_drill_of_phase_0_outlives_the_cluster(
    drills: Drills, monkeypatch: pytest.MonkeyPatch
) -> None:
    drills.begin("easy-one")
    monkeypatch.setattr("workbook.targets.local.down.down", lambda *_: None)
    call("down", "--yes")
    assert drills.under_way() == "easy-one"


# What check and status show


def test_check_withholds_why_and_what_to_run_while_a_drill_is_under_way(tmp_path: Path) -> None:
    small = Small(tmp_path)
    before = small.run(IS_WRONG).stdout
    assert "because" in before
    assert "fix it" in before
    begin_by_hand(tmp_path)
    report = tmp_path / "report.xml"
    said = small.run(IS_WRONG, options=(f"--junitxml={report}",)).stdout
    assert "expected  one" in said
    assert "found     two" in said
    for word in ("because", "fix it", "README.md#a"):
        assert word not in said
        assert word in report.read_text()
        assert word in (tmp_path / ".workbook/local/phase0/checks.json").read_text()
    hint = "why, and what to run next, are hints now.\n ./workbook drill 0 --hint\n"
    assert said.count(hint) == 1


def test_lines_of_earlier_phases_withhold_them_too(tmp_path: Path) -> None:
    small = Small(tmp_path)
    small.write(0, IS_WRONG)
    small.add_phase(1, ["Another"], PASSES.replace("The first", "Another"))
    begin_by_hand(tmp_path, phase=1)
    said = small.check(1).stdout
    assert "found     two" in said
    assert "because" not in said
    assert "./workbook drill 1 --hint" in said


def test_check_in_which_nothing_is_wrong_mentions_no_drill(tmp_path: Path) -> None:
    small = Small(tmp_path)
    begin_by_hand(tmp_path)
    assert "drill" not in small.run(PASSES).stdout


def begin_by_hand(home: Path, phase: int = 0) -> None:
    drill = home / f"drills/phase{phase}/one_thing.py"
    drill.parent.mkdir(parents=True)
    drill.touch()
    write_under_way(Phase(phase, home, "local"), UnderWay("one-thing"))


def test_status_hides_the_cause_and_says_that_the_check_is_old(drills: Drills) -> None:
    checked(drills.phase, Outcome.PASSED, BEFORE)
    write_under_way(drills.phase, UnderWay("easy-one", begun=BEGUN))
    programs = Background(drills.phase.state)
    for started_by in ("a cell", f"{OF_DRILL}easy-one"):
        programs.remember(os.getpid(), Path("log"), started_by, [f"program-of-{started_by}"])
    said = call("status").stdout
    assert "program-of-a cell" in said
    assert "program-of-drill" not in said
    assert "easy-one" not in said
    assert "1 of 1" not in said
    assert f"last checked at {BEFORE}, before the drill began" in said
    assert f"since {BEGUN}: ./workbook check 0" in said
    checked(drills.phase, Outcome.WRONG, AFTER)
    assert f"0 of 1 checks passed at {AFTER}" in call("status").stdout


def test_status_counts_solved_drills(drills: Drills) -> None:
    checked(drills.phase, Outcome.PASSED)
    solve(drills.phase, "easy-one")
    solve(drills.phase, "middle-one", by_hand=False)
    assert "1 of 3 drills solved: ./workbook drill 0 3" in call("status").stdout


# At random


def test_random_order_has_what_is_solved_at_its_end(drills: Drills) -> None:
    solve(drills.phase, "hard-one")
    solve(drills.phase, "middle-one", by_hand=False)
    orders = {tuple(n for _, n in in_random_order([drills], Random(seed))) for seed in range(20)}
    assert orders == {("easy-one", "middle-one", "hard-one")}


def test_each_drill_may_be_the_first(drills: Drills) -> None:
    orders = [[n for _, n in in_random_order([drills], Random(seed))] for seed in range(30)]
    assert {order[0] for order in orders} == {*DRILLS}
    assert all(sorted(order) == sorted(DRILLS) for order in orders)


def test_random_needs_a_phase_that_is_complete(drills: Drills) -> None:
    done = call("drill", "--random")
    assert isinstance(done.exception, WorkbookError)
    assert done.exception.run_next == "./workbook check 0"


def test_random_tells_the_phase_the_title_and_the_check(drills: Drills) -> None:
    complete(drills.phase)
    said = call("drill", "--random").stdout
    name = drills.under_way()
    assert name is not None
    assert said == (
        "Chosen from the drills of phase 0.\n\n"
        f"Phase 0: {DRILLS[name].title}\n\nSee what is wrong: ./workbook check 0\n"
    )


def test_random_goes_on_where_there_is_nothing_to_break(
    drills: Drills, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(system: System) -> None:
        raise NothingToBreak("There is nothing.", "./workbook run 0")

    complete(drills.phase)
    for name in ("easy-one", "hard-one"):
        monkeypatch.setitem(DRILLS, name, make("A title.", 1, break_it=refuse))
    assert call("drill", "--random").exit_code == 0
    assert drills.under_way() == "middle-one"
    drills.fix()
    monkeypatch.setitem(DRILLS, "middle-one", make("A title.", 1, break_it=refuse))
    done = call("drill", "--random")
    assert isinstance(done.exception, NothingToBreak)
    assert drills.under_way() is None


def test_random_takes_the_latest_phase_of_the_cluster_and_phase_0(drills: Drills) -> None:
    home = drills.phase.root
    for number in (1, 2):
        (home / f"phases/phase{number}/README.md").write_text("# Phase\n")
        folder = home / f"drills/phase{number}"
        folder.mkdir(parents=True)
        (folder / "easy_one.py").touch()
        complete(Phase(number, home, "local"))
    complete(drills.phase)
    begun = set()
    for _ in range(60):
        said = call("drill", "--random").stdout
        assert "Chosen from the drills of phases 0 and 2." in said
        for number in range(3):
            phase = Phase(number, home, "local")
            if read_under_way(phase):
                begun.add(number)
                write_under_way(phase, None)
    assert begun == {0, 2}


def complete(phase: Phase) -> None:
    (phase.state / "run.json").write_text("{}")
    checked(phase, Outcome.PASSED)

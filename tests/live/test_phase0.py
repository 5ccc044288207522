"""What is special to phase 0: the lesson and the API run on this machine, without a cluster."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from checked import outcomes, results
from copies import ROOT, assert_passed, clean_environment, cli_of, free_port
from walk import Walk

from workbook.course.lesson import checklist
from workbook.course.phase import Phase
from workbook.drills.drill import System
from workbook.drills.of_phase import Drills
from workbook.errors import WorkbookError
from workbook.learner.background import Background
from workbook.learner.choices import Choices
from workbook.targets.environment import lesson_environment

pytestmark = pytest.mark.step("after", phase=0)
LINES = len(checklist((ROOT / "phases/phase0/README.md").read_text(encoding="utf-8")))


@pytest.mark.step("before", phase=0)
def test_a_fresh_clone_needs_pytest_and_nothing_else(fresh: Path) -> None:
    code = """if True:
        import sys
        for name in ("httpx", "psutil", "rich", "typer", "jupytext", "nbclient", "sklearn", "sh"):
            sys.modules[name] = None
        import pytest
        sys.exit(pytest.main(["checks/phase0"]))
    """
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=fresh,
        env=clean_environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 10, done.stdout + done.stderr
    assert f"{LINES} not started, of {LINES} lines" in done.stdout


def test_the_receipt_names_versions_and_no_path_of_this_machine(walk: Walk) -> None:
    state = walk.to(0) / ".workbook/local/phase0"
    receipt = json.loads((state / "receipt.json").read_text())
    assert "scikit-learn" in receipt["packages"]
    text = (state / "receipt.md").read_text()
    assert f"{LINES} of {LINES} checks passed" in text
    assert str(walk.home) not in text


def test_start_changes_nothing_that_git_tracks(home: Path) -> None:
    git = ["git", "status", "--porcelain"]
    done = subprocess.run(git, cwd=home, capture_output=True, text=True)
    assert [line for line in done.stdout.splitlines() if ".venv" not in line] == []


def test_start_runs_a_second_time(home: Path) -> None:
    done = cli_of(home)("start", "--answers")
    assert_passed(done)
    assert f"{LINES} passed" in done.stdout
    assert "./workbook lab" in done.stdout


def test_the_lesson_runs_under_nbval_too(home: Path) -> None:
    choices = json.loads((home / ".workbook/choices.json").read_text())
    environment = clean_environment(
        **lesson_environment(home, Choices(**choices)), WORKBOOK_SOLUTIONS="1", MPLBACKEND="agg"
    )
    nbval = ["--nbval-lax", "--nbval-current-env", "phases/phase0/phase0.ipynb"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *nbval],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert cli_of(home)("check", "0").returncode == 0


def test_drill_fixed_by_hand_is_over(home: Path) -> None:
    cli = cli_of(home)
    answers = json.loads((home / ".workbook/local/phase0/answers.json").read_text())
    cli("drill", "0", "answers-of-another-model")
    assert "is over" not in cli("check", "0").stdout
    for question, answer in answers.items():
        cli("answer", "0", question, answer)
    done = cli("check", "0")
    assert done.returncode == 0
    assert "answers-of-another-model is over: you fixed it" in done.stdout
    assert "No drill" in cli("drill", "0", "--fix").stderr


def test_reset_puts_back_what_a_drill_changed_though_nothing_runs(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after `down` in the middle of a drill."""
    monkeypatch.setattr("workbook.drills.drill.SECONDS_TO_ANSWER", 1)
    phase = Phase(0, fresh, "local")
    code = phase.directory / "sentiment/api.py"
    before = code.read_text()
    system = System(phase, Choices(port=free_port()), Background(phase.state))
    drills = Drills(system)
    program = system.background.start(
        [sys.executable, "-c", "import time; time.sleep(600)", "sentiment.api:app"], fresh, "api"
    )
    with pytest.raises(WorkbookError):  # nothing will listen: the break fails half-way
        drills.begin("blank-text-accepted")
    assert code.read_text() != before
    assert drills.under_way() == "blank-text-accepted"
    system.background.end_all()
    assert program.process() is None
    assert cli_of(fresh)("reset", "0", "--yes").returncode == 0
    assert code.read_text() == before


def test_answers_that_are_open_are_not_wrong(home: Path) -> None:
    answers = home / ".workbook/local/phase0/answers.json"
    kept = answers.read_bytes()
    try:
        answers.unlink()
        done = cli_of(home)("check", "0")
        assert done.returncode == 10
        assert outcomes(home, 0)["test_core_logic_is_understood"] == "not started"
        assert "strongest-negative-word" in done.stdout
    finally:
        answers.write_bytes(kept)


def test_crashed_api_differs_from_one_never_started(home: Path) -> None:
    background = Background(Phase(0, home, "local").state)
    (program,) = background.running()
    os.kill(program.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(program.pid)] if psutil.pid_exists(program.pid) else [], 10)
    try:
        assert cli_of(home)("check", "0").returncode == 1
        result = results(home, 0)["test_api_predicts"]
        assert result["outcome"] == "wrong"
        assert "Its last lines" in result["rows"]["found"]
    finally:
        background.restart(program)
        System(
            Phase(0, home, "local"),
            Choices(**json.loads((home / ".workbook/choices.json").read_text())),
            background,
        ).wait_for_port()
    assert cli_of(home)("check", "0").returncode == 0


def test_an_interrupted_start_leaves_nothing_in_the_way(fresh: Path) -> None:
    """Ends `start` in the middle of its lesson, then starts it again."""
    cli = cli_of(fresh)
    assert cli("use", "local", "--port", str(free_port())).returncode == 0
    began = subprocess.Popen(
        ["./workbook", "start"],
        cwd=fresh,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not (fresh / "phases/phase0/model/manifest.json").exists():
        assert time.monotonic() < deadline
        assert began.poll() is None
        time.sleep(0.1)
    began.send_signal(signal.SIGINT)
    said = began.communicate(timeout=60)[0]
    assert began.returncode == 130
    assert "safe to run the same command again" in said
    assert "Traceback" not in said
    try:
        again = cli("start")
        assert_passed(again)  # with the questions open, which are the learner's
        assert "3 questions are yours: ./workbook answer 0" in again.stdout
        assert outcomes(fresh, 0)["test_core_logic_is_understood"] == "not started"
        assert cli("check", "0").returncode == 10
    finally:
        cli("reset", "0", "--yes")
    assert not (fresh / "phases/phase0/model").exists()
    assert "not begun" in cli("status").stdout
    assert "Traceback" not in said

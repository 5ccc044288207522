"""`status`: a line for what is not begun, what is left of the rest, and one next step."""

import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from copies import ROOT, copy_manifests
from fake_cluster import RECORD
from typer.testing import CliRunner

sys.path.insert(0, str(ROOT))  # the checks are no part of the package

from workbook.checks.check import Checked, Result, keep_results
from workbook.checks.questions import Judged
from workbook.cli import app
from workbook.course.lesson import Section, sections
from workbook.course.phase import Phase
from workbook.learner.answers import write_answer
from workbook.learner.drills import UnderWay, write_under_way
from workbook.learner.runs import Run, write_run
from workbook.learner.runs import Section as OfRun
from workbook.learner.store import write_json
from workbook.lessons.going_back import LEFT
from workbook.outcome import Outcome

OF_1 = ["most-pods", "old-replicas", "replaced-by", "endpoint-before", "endpoint-after"]
QUESTIONS = {"strongest-negative-word": "worst", "swing-word": "not", "right-when-sure": "98"}
PASSED = Result("test_model_trains", "Model trains successfully", Outcome.PASSED, 0)
UNDERSTOOD = "You understand the core logic"
WRONG_ANSWER = Result(
    "a", UNDERSTOOD, Outcome.WRONG, 0, judged=Judged({"swing-word": "no"}, {}, [])
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy_manifests(tmp_path)
    for lesson in (ROOT / "phases").glob("*/README.md"):
        (tmp_path / lesson.relative_to(ROOT)).write_bytes(lesson.read_bytes())
    (tmp_path / "checks").symlink_to(ROOT / "checks")
    monkeypatch.setenv("WORKBOOK_ROOT", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def cluster(home: Path) -> None:
    """A cluster that is recorded."""
    write_json(home / ".workbook/local/cluster.json", asdict(RECORD))


def status() -> str:
    done = CliRunner().invoke(app, ["status"], prog_name="./workbook")
    assert done.exit_code == 0, done.output
    assert max(map(len, done.output.splitlines())) <= 80
    return done.output


def next_step() -> str:
    return status().splitlines()[-1]


def not_started(name: str) -> Result:
    rows = {"not started": "do it"}
    return Result(name, "A line", Outcome.NOT_STARTED, 0, rows=rows)


def test_a_phase_that_is_not_begun_is_one_line(home: Path) -> None:
    lines = [line for line in status().splitlines() if line]
    assert [line for line in lines if line.endswith(": not begun")] == lines[1:-1]
    assert lines[-1] == "Next: ./workbook start, or ./workbook lab 0"


def test_what_is_left_of_a_phase_is_counted(home: Path) -> None:
    phase = Phase(0, home, "local")
    keep_results(phase, [PASSED, not_started("test_api_predicts")], [])
    write_answer(phase, "swing-word", "not")
    said = status()
    assert "  1 of 2 checks passed at 20" in said
    assert "  1 of 3 questions answered: ./workbook answer 0" in said


def test_the_next_section_is_that_of_the_first_line_that_is_missing(
    home: Path, cluster: None
) -> None:
    phase = Phase(1, home, "local")
    missing = [not_started("test_image_is_in_registry"), not_started("test_pod_is_running")]
    keep_results(phase, missing, [])
    step = "Next: ./workbook lab 1, section “Put it into a registry”"
    assert next_step() == f"{step} (about 5 minutes)"


def test_a_section_without_minutes_has_those_of_the_last_run(home: Path) -> None:
    phase = Phase(0, home, "local")
    keep_results(phase, [PASSED, not_started("test_api_predicts")], [])
    step = "Next: ./workbook lab 0, section “Serve it”"
    assert next_step() == step
    write_run(phase.state, Run("2026-01-01T00:00:00Z", 9, [OfRun("Serve it", 4.2)], True))
    assert next_step() == f"{step} (its commands took 4 s)"


@pytest.mark.parametrize(
    ("results", "answers", "step"),
    [
        (
            [PASSED, Result("a", "A line", Outcome.WRONG, 0)],
            QUESTIONS,
            "./workbook check 0, which says what is wrong and how to fix it",
        ),
        ([PASSED], {}, "./workbook answer 0"),
        (
            [WRONG_ANSWER],
            QUESTIONS,
            "./workbook answer 0",
        ),
        ([PASSED], QUESTIONS, "./workbook up, then ./workbook lab 1"),
    ],
    ids=["wrong", "open", "answered wrongly", "complete"],
)
def test_the_next_step_follows_from_what_is_left(
    home: Path, results: list[Result], answers: dict[str, str], step: str
) -> None:
    phase = Phase(0, home, "local")
    keep_results(phase, results, [])
    for question, given in answers.items():
        write_answer(phase, question, given)
    assert next_step() == f"Next: {step}"


def test_without_its_cluster_a_phase_begins_with_one(home: Path) -> None:
    phase = Phase(1, home, "local")
    keep_results(phase, [not_started("test_pod_is_running")], [])
    assert next_step() == "Next: ./workbook up, then ./workbook lab 1"
    keep_results(phase, [PASSED], [])
    assert next_step() == "Next: ./workbook up, then ./workbook goto 1"


def test_a_phase_that_was_left_is_gone_back_to(home: Path, cluster: None) -> None:
    for number in (0, 1):
        phase = Phase(number, home, "local")
        keep_results(phase, [PASSED], [])
    write_json(phase.state / LEFT, {})
    for question, given in QUESTIONS.items():
        write_answer(Phase(0, home, "local"), question, given)
    said = status()
    title, left = "Phase 1: from a laptop to a cluster", "you went back to an earlier phase"
    assert f"{title}\n  {left}: ./workbook goto 1" in said
    assert said.endswith("Next: ./workbook goto 1\n")


def test_the_learner_who_caught_up_is_asked_about_earlier_phases_last(
    home: Path, cluster: None
) -> None:
    for number in (0, 1):
        phase = Phase(number, home, "local")
        keep_results(phase, [PASSED], [])
        (phase.state / "run.json").touch()
    assert next_step() == "Next: ./workbook answer 1"
    for question in OF_1:
        write_answer(Phase(1, home, "local"), question, "an answer", "")
    assert next_step() == "Next: ./workbook answer 0"


def test_a_wrong_answer_leads_to_the_phase_that_asks(home: Path, cluster: None) -> None:
    """Its line is one of the promises of the later phase."""
    first, second = Phase(0, home, "local"), Phase(1, home, "local")
    for phase, questions in ((first, QUESTIONS), (second, OF_1)):
        (phase.state / "run.json").touch()
        for question in questions:
            write_answer(phase, question, "an answer")
    right = replace(WRONG_ANSWER, outcome=Outcome.PASSED, judged=None)
    for when, step in (("10:00", "answer 0"), ("12:00", "lab 2")):
        of_first = Checked(f"2026-01-01T{when}:00Z", [right])
        write_json(first.state / "checks.json", asdict(of_first))
        of_second = Checked("2026-01-01T11:00:00Z", [PASSED], [WRONG_ANSWER])
        write_json(second.state / "checks.json", asdict(of_second))
        assert next_step() == f"Next: ./workbook {step}"


def test_practice_comes_before_the_next_phase(home: Path) -> None:
    phase = Phase(0, home, "local")
    keep_results(phase, [PASSED], [])
    for question, given in QUESTIONS.items():
        write_answer(phase, question, given)
    for folder in ("drills", "exercises"):
        (home / folder).symlink_to(ROOT / folder)
    assert next_step() == "Next: ./workbook drill 0"


def test_a_drill_that_is_under_way_comes_first(home: Path) -> None:
    (home / "drills").symlink_to(ROOT / "drills")
    phase = Phase(0, home, "local")
    keep_results(phase, [PASSED], [])
    write_under_way(phase, UnderWay("stale-process"))
    assert next_step() == "Next: ./workbook check 0, and find what the drill broke"


def test_minutes_of_a_section_are_those_under_its_heading() -> None:
    lesson = """# One
## First

*Sitting 1 of 3: a cluster. 5 minutes here, plus the first build.*

It takes 30 minutes.

## Second

It takes 30 minutes.
```bash
## no heading
```
"""
    assert sections(lesson) == [Section("First", 5), Section("Second", 0)]

"""`start`, `run` and `goto` leave the questions to the learner, and say so."""

import re
from pathlib import Path
from typing import Any

import pytest
from copies import ROOT, copy_manifests
from typer.testing import CliRunner, Result

from workbook.checks.check import Result as Line
from workbook.checks.check import keep_results
from workbook.checks.questions import Judged
from workbook.cli import app, learn, moving
from workbook.course.phase import Phase
from workbook.learner.answers import write_answer
from workbook.outcome import Outcome

QUESTIONS = ["strongest-negative-word", "swing-word", "right-when-sure"]
STATUS = {Outcome.PASSED: 0, Outcome.WRONG: 1, Outcome.NOT_STARTED: 10}


class System:
    """A phase 0 whose lesson is not run, and whose checks come to what a test says."""

    def __init__(self, home: Path) -> None:
        self.phase = Phase(0, home, "local")
        self.answered: list[bool] = []  # whether each lesson was run with its answers
        self.outcomes = [Outcome.PASSED, Outcome.NOT_STARTED]
        self.promises: list[Line] = []  # of phase 1
        self.judged: Judged | None = Judged({}, {}, QUESTIONS)

    def run(self, lesson: Any, choices: Any, answers: bool) -> None:
        self.answered.append(answers)

    def check(self, phase: Phase) -> int:
        judged = [None, self.judged]
        results = [
            Line(f"{outcome}", "A line", outcome, 0, judged=each)
            for outcome, each in zip(self.outcomes, judged, strict=True)
        ]
        promises = self.promises if phase.number else []
        keep_results(phase, results, promises)
        outcomes = [*self.outcomes, *(each.outcome for each in promises)]
        return min(STATUS[each] for each in outcomes if each is not Outcome.PASSED)


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    copy_manifests(tmp_path)
    for lesson in ("phases/phase0/README.md", "phases/phase1/README.md"):
        (tmp_path / lesson).write_bytes((ROOT / lesson).read_bytes())
    made = System(tmp_path)
    monkeypatch.setenv("WORKBOOK_ROOT", str(tmp_path))
    for module in (learn, moving):
        monkeypatch.setattr(module, "run_and_show", made.run)
        monkeypatch.setattr(module, "check_lesson", made.check)
        monkeypatch.setattr(module, "examine_phase", lambda *_: True)
    return made


def call(*words: str) -> Result:
    return CliRunner().invoke(app, [*words], prog_name="./workbook")


@pytest.mark.parametrize("words", [("start",), ("run", "0"), ("goto", "0")])
def test_open_questions_are_the_learners_and_no_failure(
    system: System, words: tuple[str, ...]
) -> None:
    done = call(*words)
    assert done.exit_code == 0, done.output
    assert system.answered == [False]
    assert "3 questions are yours: ./workbook answer 0" in done.output


def test_the_questions_of_every_phase_on_the_way_are_counted(system: System) -> None:
    said = call("goto", "1").output
    assert system.answered == [False, False]
    assert "3 questions are yours: ./workbook answer 0" in said
    assert re.search(r"^\d questions are yours: ./workbook answer 1$", said, re.M)


def test_one_question_that_is_left_is_counted(system: System) -> None:
    for question in QUESTIONS[1:]:
        write_answer(system.phase, question, "an answer")
    assert "1 question is yours: ./workbook answer 0" in call("start").output


@pytest.mark.parametrize("words", [("start",), ("goto", "0")])
def test_with_answers_an_open_question_is_a_failure(system: System, words: tuple[str, ...]) -> None:
    assert call(*words, "--answers").exit_code == 10
    assert system.answered == [True]


@pytest.mark.parametrize("words", [("start",), ("goto", "0")])
def test_a_wrong_answer_is_a_failure(system: System, words: tuple[str, ...]) -> None:
    system.outcomes[1] = Outcome.WRONG
    system.judged = Judged({"swing-word": "your answer 'food'"}, {}, [])
    assert call(*words).exit_code == 1


def test_a_wrong_answer_of_an_earlier_phase_is_a_failure(system: System) -> None:
    wrong = Judged({"swing-word": "your answer 'food'"}, {}, [])
    assert goto_1(system, Line("b", "A promise", Outcome.WRONG, 0, judged=wrong)) == 1


def test_an_open_question_of_an_earlier_phase_is_none(system: System) -> None:
    still_open = Judged({}, {}, QUESTIONS)
    assert goto_1(system, Line("b", "A promise", Outcome.NOT_STARTED, 0, judged=still_open)) == 0


def goto_1(system: System, promise: Line) -> int:
    """The exit status of `goto 1`, whose checks come to this promise of phase 0."""
    system.promises = [promise]
    done = call("goto", "1")
    assert system.answered == [False, False]
    return done.exit_code


@pytest.mark.parametrize("words", [("start",), ("goto", "0")])
def test_a_system_that_is_wrong_is_a_failure(system: System, words: tuple[str, ...]) -> None:
    system.outcomes[0] = Outcome.WRONG
    system.judged = None
    done = call(*words)
    assert done.exit_code == 1
    assert "lab 0" not in done.output


def test_start_shows_the_way_in_the_order_in_which_it_is_gone(system: System) -> None:
    said = call("start").output
    steps = ["lab 0", "check 0", "answer 0", "drill 0", "exercise 0", "up"]
    places = [said.index(f"\n  ./workbook {step}") for step in steps]
    assert places == sorted(places)

"""The learner's answers to the questions of a lesson."""

from pathlib import Path

from workbook.course.phase import Phase
from workbook.learner.store import read_state, write_json


def answers_file(phase: Phase) -> Path:
    return phase.state / "answers.json"


def read_answers(phase: Phase) -> dict[str, str]:
    """The learner's answers to the lesson's questions, by question."""
    return read_state(answers_file(phase), dict[str, str]) or {}


def write_answer(phase: Phase, question: str, answer: str) -> None:
    write_json(answers_file(phase), {**read_answers(phase), question: answer})

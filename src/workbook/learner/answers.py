"""The learner's answers to the questions of a lesson."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbook.course.phase import Phase
from workbook.learner.store import read_state, write_json

SOLUTIONS = "solutions.json"  # the answers that a lesson itself gave when it was run


def answers_file(phase: Phase) -> Path:
    return phase.state / "answers.json"


def read_answers(phase: Phase) -> dict[str, str]:
    """The learner's answers to the lesson's questions, by question."""
    return read_state(answers_file(phase), dict[str, str]) or {}


def write_answer(phase: Phase, question: str, answer: str) -> None:
    write_json(answers_file(phase), {**read_answers(phase), question: answer})


@contextmanager
def keeping_own_answers(phase: Phase) -> Iterator[None]:
    """Let a lesson answer its questions, but those that the learner answered."""
    solutions = read_state(phase.state / SOLUTIONS, dict[str, str]) or {}
    own = {q: a for q, a in read_answers(phase).items() if a != solutions.get(q)}
    try:
        yield
    finally:
        given = read_answers(phase)
        solved = {q: a for q, a in given.items() if a != own.get(q)}
        write_json(phase.state / SOLUTIONS, solved)
        write_json(answers_file(phase), {**given, **own})

"""Proofs of exercises: red at the start and for each wrong attempt, green for the solution."""

from pathlib import Path

from copies import ROOT

from workbook.course.phase import Phase, phases
from workbook.exercises.exercise import Exercises
from workbook.outcome import Outcome

EXERCISES = [
    (phase.number, name) for phase in phases(ROOT, "local") for name in Exercises(phase).names()
]


def attempts(number: int, name: str) -> list[str]:
    """The wrong attempts of an exercise."""
    return [*Exercises(Phase(number, ROOT, "local")).load(name).wrong]


def prove_start(exercises: Exercises, name: str, folder: Path) -> None:
    """The file to begin with is not started; with a line more at its end, it is wrong."""
    start = exercises.start(name)
    assert exercises.judge_file(name, start).outcome is Outcome.NOT_STARTED
    touched = folder / start.name
    touched.write_bytes(start.read_bytes() + b"\n")
    assert exercises.judge_file(name, touched).outcome is Outcome.WRONG


def prove_solution(exercises: Exercises, name: str) -> None:
    result = exercises.judge_file(name, exercises.solution(name))
    assert result.outcome is Outcome.PASSED, result.rows
    assert result.note


def prove_wrong(exercises: Exercises, name: str, attempt: str) -> None:
    """The judge says "wrong", with the words that help."""
    result = exercises.judge_file(name, exercises.wrong(name, attempt))
    assert result.outcome is Outcome.WRONG, result.note
    said = "\n".join(f"{label} {text}" for label, text in result.rows.items())
    assert exercises.load(name).wrong[attempt] in said, said

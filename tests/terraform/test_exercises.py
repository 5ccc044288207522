"""The exercises of phase 3, judged by Terraform itself."""

import shutil
import subprocess
from pathlib import Path

import pytest
from copies import ROOT
from exercising import EXERCISES, attempts, prove_solution, prove_start, prove_wrong

from workbook.course.phase import Phase
from workbook.exercises.exercise import Exercises

pytestmark = pytest.mark.skipif(shutil.which("terraform") is None, reason="no Terraform here")
EXERCISES_HERE = Exercises(Phase(3, ROOT, "local"))
NAMES = [name for number, name in EXERCISES if number == 3]
each_exercise = pytest.mark.parametrize("name", NAMES)


@each_exercise
def test_the_start_is_red(name: str, tmp_path: Path) -> None:
    prove_start(EXERCISES_HERE, name, tmp_path)


@each_exercise
def test_the_solution_is_green(name: str) -> None:
    prove_solution(EXERCISES_HERE, name)


@each_exercise
def test_the_solution_is_formatted(name: str) -> None:
    file = EXERCISES_HERE.solution(name)
    done = subprocess.run(["terraform", "fmt", "-check", "-diff", file], capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"")


@pytest.mark.parametrize(
    ("name", "attempt"), [(name, attempt) for name in NAMES for attempt in attempts(3, name)]
)
def test_a_wrong_attempt_is_red_and_says_why(name: str, attempt: str) -> None:
    prove_wrong(EXERCISES_HERE, name, attempt)

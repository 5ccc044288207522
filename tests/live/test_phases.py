"""Every phase for real: red before its lesson, green after it, each wrong system seen."""

import json
from pathlib import Path

import pytest
from checked import check_only, check_phase, outcomes, with_what_they_need
from exercising import EXERCISES, attempts, prove_solution, prove_start, prove_wrong
from proofs import PHASES, Proof, all_proofs, drill_names, prove
from walk import Walk

from workbook.course.lesson import checklist
from workbook.drills.drill import System
from workbook.drills.of_phase import Drills
from workbook.exercises.exercise import Exercises
from workbook.learner.background import Background
from workbook.learner.choices import Choices
from workbook.outcome import Outcome
from workbook.targets.opening import find_cluster

each_phase = pytest.mark.parametrize("number", [phase.number for phase in PHASES])


@pytest.mark.step("before")
@each_phase
def test_before_the_lesson_every_check_says_not_started(
    walk: Walk, fresh: Path, number: int
) -> None:
    home = walk.to(number - 1) if number else fresh
    lines = check_phase(home, number)
    assert lines
    assert set(outcomes(home, number).values()) == {Outcome.NOT_STARTED}
    assert Outcome.WRONG not in {line.outcome for line in lines.values()}


@pytest.mark.step("lesson")
@each_phase
def test_the_lesson_makes_every_check_pass(walk: Walk, number: int) -> None:
    home = walk.to(number)
    phase = walk.phase(number)
    found = outcomes(home, number)
    assert set(found.values()) == {Outcome.PASSED}
    assert len(found) == len(checklist(phase.lesson.read_text(encoding="utf-8")))
    assert walk.cli("receipt", f"{number}").returncode == 0
    receipt = json.loads((phase.state / "receipt.json").read_text())
    assert receipt["passed"] == receipt["of"] == len(found)
    assert receipt["lesson"]["complete"]


@pytest.mark.step("after")
@each_phase
def test_a_drill_is_listed_gives_hints_and_refuses_another(walk: Walk, number: int) -> None:
    home, cli = walk.to(number), walk.cli
    name, *others = drill_names(number)
    phase = walk.phase(number)
    drills = Drills(System(phase, Choices(), Background(phase.state)))
    named = drills.load(name).turns_red
    begun = cli("drill", f"{number}", name)
    try:
        assert begun.returncode == 0, begun.stderr
        listed = " ".join(cli("drill", f"{number}").stdout.split())
        assert all(drills.load(each).title in listed for each in others)
        assert name not in listed  # it may tell the cause
        assert listed.count("under way") == 1
        assert "Hint 1 of" in cli("drill", f"{number}", "--hint").stdout
        assert "Hint 2 of" in cli("drill", f"{number}", "--hint").stdout
        again = cli("drill", f"{number}", others[0] if others else name)
        assert again.returncode != 0
        assert "is under way" in again.stderr
    finally:
        fixed = cli("drill", f"{number}", "--fix")
    assert fixed.returncode == 0, fixed.stderr
    lines = check_only(home, with_what_they_need(named), number)
    assert {line.outcome for line in lines.values()} == {Outcome.PASSED}


@pytest.mark.step("exercises")
@pytest.mark.parametrize(("number", "name"), EXERCISES)
def test_an_exercise_is_judged_and_leaves_nothing(
    walk: Walk, tmp_path: Path, number: int, name: str
) -> None:
    walk.to(number)
    exercises = Exercises(walk.phase(number))
    before = objects_of(walk)
    prove_start(exercises, name, tmp_path)
    for attempt in attempts(number, name):
        prove_wrong(exercises, name, attempt)
    prove_solution(exercises, name)
    assert objects_of(walk) == before


def objects_of(walk: Walk) -> set[tuple[str, str]]:
    """The kind and the name of what exercises are about, in the namespace of the lessons."""
    found = find_cluster(walk.home, "local")
    if found is None:
        return set()
    items = found.get("deployments,services,horizontalpodautoscalers")
    return {(item["kind"], item["metadata"]["name"]) for item in items}


@pytest.mark.step("proofs")
@pytest.mark.parametrize("proof", all_proofs(), ids=str)
def test_a_wrong_system_is_seen_and_put_right(walk: Walk, proof: Proof) -> None:
    prove(walk.to(proof.at), proof)


@pytest.mark.step("end")
@each_phase
def test_every_check_passes_after_the_proofs(walk: Walk, number: int) -> None:
    lines = check_phase(walk.to(number), number)
    assert {name: line for name, line in lines.items() if line.outcome != Outcome.PASSED} == {}

"""Every phase for real: red before its lesson, green after it, each wrong system seen."""

import json
from pathlib import Path

import pytest
from checked import check_only, check_phase, outcomes, with_what_they_need
from proofs import PHASES, Proof, all_proofs, drill_names, prove
from walk import Walk

from workbook.course.lesson import checklist
from workbook.drills.drill import System
from workbook.drills.of_phase import Drills
from workbook.learner.background import Background
from workbook.learner.choices import Choices
from workbook.outcome import Outcome

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
        listed = cli("drill", f"{number}").stdout
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


@pytest.mark.step("proofs")
@pytest.mark.parametrize("proof", all_proofs(), ids=str)
def test_a_wrong_system_is_seen_and_put_right(walk: Walk, proof: Proof) -> None:
    prove(walk.to(proof.at), proof)


@pytest.mark.step("end")
@each_phase
def test_every_check_passes_after_the_proofs(walk: Walk, number: int) -> None:
    lines = check_phase(walk.to(number), number)
    assert {name: line for name, line in lines.items() if line.outcome != Outcome.PASSED} == {}

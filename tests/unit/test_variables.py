"""What checks tell Azure's Terraform root: the same as the lesson's cells, from what they keep."""

import os
from pathlib import Path

import pytest
from copies import ROOT

from workbook.course.phase import Phase, find_phase
from workbook.learner.choices import Choices
from workbook.targets.terraform import root_of

MADE = 1_700_000_000  # seconds since 1970


@pytest.fixture
def phase(tmp_path: Path) -> Phase:
    (tmp_path / "phases").symlink_to(ROOT / "phases")
    return find_phase(3, tmp_path, "azure")


def told(phase: Phase, target: str = "azure") -> dict[str, str]:
    environment = root_of(phase, Choices(target=target)).environment
    return {name: value for name, value in environment.items() if name.startswith("TF_VAR_")}


def test_plan_gets_the_password_that_the_lesson_created(phase: Phase) -> None:
    (phase.state / "administrator").write_text("A1-of-this-test", encoding="utf-8")
    os.utime(phase.state / "administrator", (MADE, MADE))
    (phase.state / "budget_email").write_text("learner@example.com\n", encoding="utf-8")
    assert told(phase) == {
        "TF_VAR_administrator_password": "A1-of-this-test",
        "TF_VAR_administrator_password_version": str(MADE),
        "TF_VAR_budget_email": "learner@example.com",
    }
    assert told(phase, "local") == {}


def test_what_the_lesson_has_not_made_yet_is_left_out(phase: Phase) -> None:
    assert told(phase) == {}

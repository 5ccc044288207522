"""Impostors are found where a phase has some, and a phase may have none."""

from pathlib import Path

from workbook.course.phase import Phase
from workbook.drills.impostor import impostors_of

MODULE = """
from workbook.drills.impostor import Impostor

IMPOSTORS = {"stub": Impostor("A stub answers.", print, make=print, undo=print)}
"""


def test_a_phase_without_impostors_has_none(tmp_path: Path) -> None:
    assert impostors_of(Phase(0, tmp_path, "local")) == {}


def test_impostors_of_a_phase_are_found_by_name(tmp_path: Path) -> None:
    phase = Phase(0, tmp_path, "local")
    phase.checks.mkdir(parents=True)
    (phase.checks / "impostors.py").write_text(MODULE)
    assert impostors_of(phase)["stub"].title == "A stub answers."

"""Impostors are found where a phase has some, and a phase may have none."""

from pathlib import Path

import pytest
from copies import ROOT

from workbook.checks.check import checks_of
from workbook.course.phase import Phase, phases
from workbook.drills.impostor import impostors_of
from workbook.site.mkdocs_hook import _checks

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


@pytest.mark.parametrize("phase", phases(ROOT, "local"), ids=lambda phase: phase.name)
def test_impostor_is_listed_below_the_check_that_must_see_it(phase: Phase) -> None:
    reference = _checks(phase)
    for impostor in impostors_of(phase).values():
        line = checks_of(phase)[impostor.turns_red].line
        section = reference.partition(f"### {line}\n")[2].partition("\n### ")[0]
        assert f"\n- {impostor.title}" in section

"""What a phase says of itself in phase.toml."""

from pathlib import Path

import pytest
from copies import ROOT

from workbook.course.manifest import read_manifest
from workbook.course.phase import Phase
from workbook.errors import WorkbookError

GOOD = 'adds = ["cluster"]\n[namespaces]\nlocal = ["ml-demo"]\nazure = []\n'


def test_a_phase_has_what_earlier_phases_add() -> None:
    database = [Phase(number, ROOT, "local").has("database") for number in range(5)]
    assert database == [False, False, True, True, True]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "it is missing"),
        ("adds = [", "Invalid value"),
        (GOOD.replace("azure = []\n", ""), "it has no 'azure'"),
        (GOOD.replace('"cluster"', '"clutser"'), "it adds clutser; known is cluster"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_named(
    tmp_path: Path, content: str | None, problem: str
) -> None:
    file = tmp_path / "phase.toml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(WorkbookError, match=problem) as raised:
        read_manifest(file)
    assert str(file) in str(raised.value)
    assert raised.value.run_next == f"git checkout {file}"

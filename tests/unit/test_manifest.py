"""What a phase says of itself in phase.toml."""

from pathlib import Path

import pytest
from copies import ROOT

from workbook.course.manifest import TARGETS, read_manifest
from workbook.course.phase import Phase, phases
from workbook.errors import WorkbookError

GOOD = 'adds = ["cluster"]\nmemory = 4\n[local]\nnamespaces = ["ml-demo"]\n'


def test_a_phase_has_what_earlier_phases_add() -> None:
    database = [Phase(number, ROOT, "local").has("database") for number in range(5)]
    assert database == [False, False, True, True, True]


def test_what_a_phase_does_to_the_cluster_depends_on_the_target(tmp_path: Path) -> None:
    file = tmp_path / "phase.toml"
    file.write_text(GOOD)
    manifest = read_manifest(file)
    assert manifest.on("local").namespaces == ("ml-demo",)
    assert manifest.on("azure").namespaces == ()


@pytest.mark.parametrize("phase", phases(ROOT, "local"), ids=lambda phase: phase.name)
def test_what_a_phase_names_is_there(phase: Phase) -> None:
    lesson = phase.lesson.read_text(encoding="utf-8")
    assert not phase.manifest.deploys or f"\n## {phase.manifest.deploys}\n" in lesson
    for target in TARGETS:
        on = phase.manifest.on(target)
        assert {*on.keeps} <= {*on.namespaces}
        assert all((ROOT / folder / "kustomization.yaml").exists() for folder in on.folders)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "it is missing"),
        ("adds = [", "Invalid value"),
        (GOOD.replace('adds = ["cluster"]\n', ""), "it has no 'adds'"),
        (GOOD.replace("namespaces", "namspaces"), "it has 'namspaces', which no manifest has"),
        (GOOD.replace("4", '"4"'), "memory = '4' is of another type"),
        (GOOD.replace('["ml-demo"]', '"ml-demo"'), "namespaces = 'ml-demo' is of another type"),
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

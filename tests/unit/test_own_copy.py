"""The learner's own copy of a notebook: kept, and never stale without a word."""

import json
import os
from pathlib import Path

import pytest
from copies import copy_manifests
from typer.testing import CliRunner

from workbook.cli import app
from workbook.course.phase import Phase
from workbook.lessons.own_copy import is_stale, make_copy, own_copy, set_copy_aside

NOTEBOOK = {"cells": [], "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4}
NEW = {"cell_type": "markdown", "source": "new"}


@pytest.fixture
def phase(tmp_path: Path) -> Phase:
    phase = Phase(0, tmp_path, "local")
    phase.directory.mkdir(parents=True)
    phase.notebook.write_text(json.dumps(NOTEBOOK))
    return phase


def test_a_copy_is_stale_once_the_lesson_changes(phase: Phase) -> None:
    make_copy(phase)
    assert not is_stale(phase)
    edited = json.loads(own_copy(phase).read_text())
    edited["cells"].append({"cell_type": "markdown", "source": "mine"})
    own_copy(phase).write_text(json.dumps(edited))
    assert not is_stale(phase)
    phase.notebook.write_text(json.dumps({**NOTEBOOK, "cells": ["new"]}))
    assert is_stale(phase)


@pytest.mark.parametrize("content", ["", "[]", '{"metadata": []}', json.dumps(NOTEBOOK)])
def test_a_copy_of_unknown_origin_is_stale(phase: Phase, content: str) -> None:
    own_copy(phase).write_text(content)
    assert is_stale(phase)


def test_copies_that_are_set_aside_stay_beside_each_other(phase: Phase) -> None:
    assert set_copy_aside(phase) is None
    asides = []
    for text in ("first", "second"):
        own_copy(phase).write_text(text)
        asides.append(set_copy_aside(phase))
    assert [each.name for each in asides if each] == ["my-phase0-1.ipynb", "my-phase0-2.ipynb"]
    assert [each.read_text() for each in asides if each] == ["first", "second"]
    assert not own_copy(phase).exists()


def test_lab_says_that_the_copy_is_stale_and_takes_the_new_lesson(
    phase: Phase, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_manifests(phase.root)
    phase.lesson.write_text("# One\n")
    monkeypatch.setenv("WORKBOOK_ROOT", str(phase.root))
    monkeypatch.setattr("os.environ", {**os.environ})  # `lab` changes it, for JupyterLab
    opened: list[str] = []
    monkeypatch.setattr("os.execv", lambda program, words: opened.append(words[-1]))

    def lab(*words: str) -> str:
        done = CliRunner().invoke(app, ["lab", "0", *words])
        assert done.exit_code == 0, repr(done.exception)
        return done.output

    assert "has changed" not in lab()
    phase.notebook.write_text(json.dumps({**NOTEBOOK, "cells": [NEW]}))
    assert "The lesson has changed since this copy was made." in lab()
    said = lab("--new")
    assert "Your old copy is phases/phase0/my-phase0-1.ipynb." in said
    assert "has changed" not in said
    assert json.loads(own_copy(phase).read_text())["cells"] == [NEW]
    assert opened == ["--LabApp.default_url=/lab/tree/phases/phase0/my-phase0.ipynb"] * 3

"""Excerpts: a lesson shows what its files say, and nothing that was pasted once."""

from pathlib import Path

import pytest
from copies import ROOT

from workbook.course.phase import Lesson, lessons
from workbook.errors import WorkbookError
from workbook.lessons.excerpts import excerpt, fill

DEPLOYMENT = """\
spec:
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1

  replicas: 1
"""
MODULE = 'resource "a" "b" {\n  name = "c"\n}\n\nresource "d" "e" {}\n'


@pytest.mark.parametrize("lesson", lessons(ROOT, "local"), ids=lambda lesson: lesson.name)
def test_lesson_shows_its_files_as_they_are(lesson: Lesson) -> None:
    text = lesson.lesson.read_text("utf-8")
    assert fill(text, lesson.directory) == text, "Run: python -m workbook.lessons.notebook"


@pytest.mark.parametrize(
    ("text", "anchors", "expected"),
    [
        (DEPLOYMENT, ["rollingUpdate"], "rollingUpdate:\n  maxSurge: 1\n"),
        (DEPLOYMENT, ["spec > strategy > type"], "spec:\n  strategy:\n    type: RollingUpdate\n"),
        (
            DEPLOYMENT,
            ["strategy > type", "strategy > rollingUpdate"],
            "strategy:\n  type: RollingUpdate\n  rollingUpdate:\n    maxSurge: 1\n",
        ),
        ("a:\n  b: 1\nb: 2\n", ["b"], "b: 2\n"),
        (DEPLOYMENT, ["type", "replicas"], "type: RollingUpdate\nreplicas: 1\n"),
        (MODULE, ['resource "a"'], 'resource "a" "b" {\n  name = "c"\n}\n'),
        ("FROM a\nRUN b\n\nCOPY c\n", ["FROM..."], "FROM a\nRUN b\n"),
    ],
)
def test_excerpt_is_a_line_and_what_is_indented_under_it(
    tmp_path: Path, text: str, anchors: list[str], expected: str
) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    assert excerpt(file, anchors) == expected


@pytest.mark.parametrize(
    ("anchor", "problem"),
    [
        ("absent", "has 0 lines"),
        ("resource", "has 2 lines"),
        ("long", "21 lines"),
    ],
)
def test_excerpt_that_cannot_be_cut_is_refused(tmp_path: Path, anchor: str, problem: str) -> None:
    file = tmp_path / "file"
    file.write_text(MODULE + "long:\n" + "  line\n" * 20)
    with pytest.raises(WorkbookError, match=problem):
        excerpt(file, [anchor])


def test_changed_file_changes_the_lesson(tmp_path: Path) -> None:
    (tmp_path / "service.yaml").write_text("spec:\n  port: 80\n")
    lesson = "Text.\n\n<!-- from service.yaml: spec -->\n```yaml\nold\n```\n\nMore.\n"
    filled = fill(lesson, tmp_path)
    assert "```yaml\nspec:\n  port: 80\n```" in filled
    assert fill(filled, tmp_path) == filled
    (tmp_path / "service.yaml").write_text("spec:\n  port: 81\n")
    assert "port: 81" in fill(filled, tmp_path)

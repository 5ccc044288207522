"""The commands of a lesson fit a terminal of 80 columns: a reader sees them whole."""

import re

import pytest
from copies import ROOT

from workbook.course.phase import Lesson, lessons

COLUMNS = 80
CELL = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def too_wide(lesson: str) -> list[str]:
    """The lines of bash cells that a learner would have to scroll; one long word may stand."""
    lines = (line for cell in CELL.findall(lesson) for line in cell.splitlines())
    return [line for line in lines if len(line) > COLUMNS and " " in line.strip(" \\")]


@pytest.mark.parametrize("lesson", lessons(ROOT, "local"), ids=lambda lesson: lesson.name)
def test_commands_fit_80_columns(lesson: Lesson) -> None:
    assert too_wide(lesson.lesson.read_text(encoding="utf-8")) == []


def test_a_line_that_could_be_wrapped_is_found() -> None:
    address = f"  https://example.org/{'a' * COLUMNS}"
    options = f"curl --fail {'a' * COLUMNS}"
    assert too_wide(f"{options}\n```bash\n{address} \\\n{options}\nls\n```\n") == [options]

"""Cells of lessons: a reader sees a command whole, and learns at once why one cannot work."""

import os
import re
import socket
from pathlib import Path

import pytest
from copies import ROOT, copy_workbook

from workbook.course.phase import Lesson, lessons
from workbook.learner.background import Background
from workbook.learner.choices import Choices, save_choices
from workbook.lessons.shell import CellFailed, Shell
from workbook.programs import run
from workbook.targets.environment import lesson_environment

SECONDS = 120
COLUMNS = 80
CELL = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_taken_port_ends_the_cell_that_serves_at_once(tmp_path: Path) -> None:
    home = copy_workbook(tmp_path / "copy")
    text = (home / "phases/phase0/README.md").read_text(encoding="utf-8")
    [cell] = [each for each in CELL.findall(text) if each.endswith('/health"\n')]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        choices = Choices(port=taken.getsockname()[1])
        save_choices(home, choices)
        environment = {**os.environ, **lesson_environment(home, choices)}
        shell = Shell(Background(tmp_path / "state"), home / "phases/phase0", environment)
        said: list[str] = []
        with pytest.raises(CellFailed, match="workbook doctor 0"):
            shell.run(cell, SECONDS, said.append)
    assert f"port {choices.port}" in "".join(said)
    assert f"process {os.getpid()}" in "".join(said)


LIVE = """\
metadata:
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"apps/v1"}
  creationTimestamp: "2026-01-01T00:00:00Z"
  generation: 1
  labels: {}
spec:
  selector:
    app: other
"""


def test_kubectl_diff_shows_the_field_and_not_the_object_in_a_line(tmp_path: Path) -> None:
    live, merged = tmp_path / "LIVE", tmp_path / "MERGED"
    for folder, text in ((live, LIVE), (merged, LIVE.replace(": 1", ": 2").replace("other", "it"))):
        folder.mkdir()
        (folder / "object").write_text(text)
    command, *options = lesson_environment(tmp_path, Choices())["KUBECTL_EXTERNAL_DIFF"].split()
    assert all(re.fullmatch(r"[a-zA-Z0-9-=]+", each) for each in options)  # kubectl drops others
    done = run([command, str(live), str(merged), *options], SECONDS)  # in kubectl's order
    assert done.returncode == 1
    assert "\n   selector:\n-    app: other\n+    app: it\n" in done.stdout
    assert "apiVersion" not in done.stdout


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

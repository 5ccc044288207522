"""A fix in an early phase is carried upward into the later copies."""

import subprocess
from pathlib import Path

import pytest

from workbook.course.phase import Phase
from workbook.dev.carry import carry
from workbook.errors import WorkbookError

BEFORE = "".join(f"line {number}\n" for number in range(20))
FIXED = BEFORE.replace("line 3\n", "line three\n")


def git(home: Path, *words: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *words], cwd=home, check=True, capture_output=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Four phases, of which each has the same file; phase 2 has changed its end, phase 3 line 3."""
    git(tmp_path, "init", "-q")
    for number in range(4):
        folder = tmp_path / f"phases/phase{number}"
        folder.mkdir(parents=True)
        (folder / "README.md").write_text(f"# {number}\n\nSame words.\n")
        (folder / "api.py").write_text(BEFORE)
    (tmp_path / "phases/phase2/api.py").write_text(BEFORE + "more\n")
    (tmp_path / "phases/phase3/api.py").write_text(BEFORE.replace("line 3\n", "another line\n"))
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "phases")
    return tmp_path


def text_of(home: Path, number: int) -> str:
    return (home / f"phases/phase{number}/api.py").read_text()


def test_later_copies_get_the_fix_and_keep_what_is_their_own(home: Path) -> None:
    (home / "phases/phase1/api.py").write_text(FIXED)
    said = carry(Phase(1, home, "local"))
    assert said["phase2"] == ""
    assert text_of(home, 2) == FIXED + "more\n"
    assert text_of(home, 0) == BEFORE


def test_a_copy_that_changed_the_same_lines_has_conflict_marks_and_is_named(home: Path) -> None:
    (home / "phases/phase1/api.py").write_text(FIXED)
    said = carry(Phase(1, home, "local"))
    assert "phases/phase3/api.py" in said["phase3"]
    assert "<<<<<<<" in text_of(home, 3)


def test_a_lesson_is_not_carried(home: Path) -> None:
    lesson = home / "phases/phase1/README.md"
    lesson.write_text(lesson.read_text().replace("Same", "Other"))
    with pytest.raises(WorkbookError, match="Nothing in phases/phase1"):
        carry(Phase(1, home, "local"))
    (home / "phases/phase1/api.py").write_text(FIXED)
    carry(Phase(1, home, "local"))
    assert "Same words" in (home / "phases/phase2/README.md").read_text()


def test_a_new_file_is_carried_once_git_knows_it(home: Path) -> None:
    (home / "phases/phase2/new.py").write_text("new\n")
    git(home, "add", "--intent-to-add", "phases/phase2/new.py")
    assert carry(Phase(2, home, "local")) == {"phase3": ""}
    assert (home / "phases/phase3/new.py").read_text() == "new\n"


def test_a_file_that_git_does_not_know_is_named(home: Path) -> None:
    (home / "phases/phase1/api.py").write_text(FIXED)
    (home / "phases/phase1/new.py").write_text("new\n")
    with pytest.raises(WorkbookError, match=r"phases/phase1/new\.py") as raised:
        carry(Phase(1, home, "local"))
    assert raised.value.run_next == "git add --intent-to-add phases/phase1/new.py"
    assert text_of(home, 2) == BEFORE + "more\n"


def test_a_path_in_the_content_stays_as_it_is(home: Path) -> None:
    lines = "-- a/phases/phase1/old\n", "++ b/phases/phase1/new\n"
    for number in range(4):
        (home / f"phases/phase{number}/api.py").write_text(BEFORE + lines[0])
    git(home, "commit", "-qam", "a line")
    (home / "phases/phase1/api.py").write_text(BEFORE + lines[1])
    assert carry(Phase(1, home, "local")) == {"phase2": "", "phase3": ""}
    assert text_of(home, 2) == text_of(home, 3) == BEFORE + lines[1]


def test_a_file_is_renamed_in_later_copies_too(home: Path) -> None:
    git(home, "mv", "phases/phase1/api.py", "phases/phase1/service.py")
    assert carry(Phase(1, home, "local")) == {"phase2": "", "phase3": ""}
    assert (home / "phases/phase2/service.py").read_text() == BEFORE + "more\n"
    assert not (home / "phases/phase2/api.py").exists()


def test_what_git_says_when_it_fails_is_handed_on(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match="not a git repository"):
        carry(Phase(1, tmp_path, "local"))

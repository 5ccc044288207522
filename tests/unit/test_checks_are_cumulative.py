"""The promises of earlier phases are asked first, and shown as one line when they hold."""

import json
import textwrap
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from small_workbook import CANNOT_KNOW, HEADER, IS_NOT_STARTED, IS_WRONG, PASSES, Small

from workbook.checks.promises import in_order, replaced_by
from workbook.course.lesson import checklist
from workbook.course.phase import Phase, phases, root
from workbook.errors import WorkbookError

LATER = '''
@check(read=READ)
def test_sixth():
    """The sixth line"""
    return "seen it too"
'''


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path / "small")


def test_kept_promises_are_one_line(small: Small) -> None:
    small.write(0, PASSES, PASSES.replace("first", "second"))
    small.add_phase(1, ("The sixth",), LATER)
    done = small.check(1)
    assert done.returncode == 0
    assert "What earlier phases promised" in done.stdout
    assert "2 of 2" in done.stdout
    assert "The first line" not in done.stdout
    assert "1 passed, of 1 lines" in done.stdout


def test_broken_promise_is_shown_in_full_and_fails_the_check(small: Small) -> None:
    small.write(0, PASSES, IS_WRONG)
    small.add_phase(1, ("The sixth",), LATER)
    done = small.check(1)
    assert done.returncode == 1
    assert "✘ What earlier phases promised" in done.stdout
    assert "1 of 2" in done.stdout
    for row in ("✘ The second line", "expected  one", "run next  fix it"):
        assert row in done.stdout
    kept = json.loads((small.home / ".workbook/local/phase1/checks.json").read_text())
    assert [result["line"] for result in kept["results"]] == ["The sixth line"]
    assert [r["outcome"] for r in kept["promises"]] == ["passed", "wrong"]
    assert not (small.home / ".workbook/local/phase0/checks.json").exists()


def test_promises_with_one_reason_are_one_line(small: Small) -> None:
    small.write(0, IS_NOT_STARTED, IS_NOT_STARTED.replace("third", "first"))
    small.add_phase(1, ("The sixth",), LATER)
    done = small.check(1)
    assert done.returncode == 10
    assert "2 lines of earlier phases" in done.stdout
    assert done.stdout.count("run the lesson") == 1


def test_replaced_line_is_not_asked(small: Small) -> None:
    small.write(0, PASSES, IS_WRONG)
    replaces = '"The second line" = "The sixth line"'
    small.add_phase(1, ("The sixth",), LATER, replaces=replaces)
    assert small.check(1).returncode == 0


def test_promise_waits_for_the_line_that_replaced_the_one_it_needs(small: Small) -> None:
    needs = CANNOT_KNOW.replace("read=READ", "read=READ, after=test_second")
    small.write(0, PASSES, IS_WRONG, needs)
    later = IS_WRONG.replace("second", "sixth")
    small.add_phase(1, ("The sixth",), later, replaces='"The second line" = "The sixth line"')
    done = small.check(1, "--junitxml=out.xml")
    assert done.returncode == 1
    assert "cannot check until this passes: The sixth line" in done.stdout
    assert "there is no cloud here" not in done.stdout
    assert "✘ What" not in done.stdout
    cases = ET.parse(small.home / "out.xml").getroot().iter("testcase")
    assert [case.get("name") for case in cases] == ["test_first", "test_sixth", "test_fourth"]


def test_lines_that_wait_for_one_cause_are_one_line(small: Small) -> None:
    waiting = [
        PASSES.replace("first", name).replace("read=READ", f"read=READ, after=test_{needed}")
        for name, needed in (("third", "second"), ("fourth", "third"), ("fifth", "second"))
    ]
    done = small.run(IS_WRONG, *waiting)
    assert "3 lines" in done.stdout
    assert done.stdout.count("cannot check until this passes: The second line") == 1


def test_promise_that_waits_is_named_and_counted_apart(small: Small) -> None:
    wrong = IS_WRONG.replace("second", "first")
    own = ("sixth", "seventh")
    needs = "from checks.phase0 import test_all as earlier\n"
    after = "=READ, after=earlier.test_first"
    lines = [PASSES.replace("first", name).replace("=READ", after) for name in own]
    small.write(0, wrong, CANNOT_KNOW.replace("read=READ", "read=READ, after=test_first"))
    small.add_phase(1, ("The sixth", "The seventh"), needs, *lines)
    said = small.check(1).stdout
    assert "0 of 2" in said
    assert "? The fourth line" in said
    assert "? 2 lines" in said
    assert "3 lines" not in said


def test_line_comes_after_what_it_needs() -> None:
    needs = {"a": ["c"], "c": ["d"], "b": ["not asked"]}
    assert in_order(["a", "b", "c", "d"], needs) == ["d", "c", "a", "b"]


@pytest.mark.parametrize("phase", phases(root(), "local"), ids=lambda phase: phase.name)
def test_phase_replaces_lines_that_held_until_then_by_its_own(phase: Phase) -> None:
    earlier = [p for p in phases(root(), "local") if p.number < phase.number]
    replaced = replaced_by(earlier[-1]) if earlier else {}
    held = {line for p in earlier for line in checklist(p.lesson.read_text())} - replaced.keys()
    own = checklist(phase.lesson.read_text())
    assert phase.manifest.replaces.keys() <= held
    assert {*phase.manifest.replaces.values()} <= {*own}
    assert held.isdisjoint(own), "a line stands for one check"


def test_lines_of_two_lessons_may_be_the_same(small: Small) -> None:
    small.write(0, PASSES)
    small.add_phase(1, ("The sixth",), LATER, replaces='"The first line" = "The sixth line"')
    notebook = small.home / "notebooks" / "other"
    notebook.mkdir(parents=True)
    (notebook / "README.md").write_text(
        "# Other\n\n## Phase complete when\n\n- [ ] The first line\n"
    )
    (small.home / "checks/other").mkdir()
    wrong = IS_WRONG.replace("second", "first")
    code = textwrap.dedent(HEADER + wrong)
    (small.home / "checks/other/test_other.py").write_text(code)
    done = small.check(0, "checks/other")
    assert done.returncode == 1
    assert "✔ The first line" in done.stdout
    assert "✘ The first line" in done.stdout
    later = small.check(1, "checks/other")  # a phase replaces lines of phases only
    assert later.returncode == 1
    assert "✘ The first line" in later.stdout


def test_two_checks_of_one_lesson_with_the_same_line_are_refused(small: Small) -> None:
    done = small.run(PASSES, IS_WRONG.replace("The second", "The first"))
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "have the same line: 'The first line'" in done.stdout + done.stderr


def test_line_that_takes_its_own_place_is_refused(small: Small) -> None:
    small.add_phase(1, ("The sixth",), replaces='"The first line" = "The sixth line"')
    small.add_phase(2, ("The first",), replaces='"The sixth line" = "The first line"')
    with pytest.raises(WorkbookError, match="takes its own place"):
        replaced_by(Phase(2, small.home, "local"))

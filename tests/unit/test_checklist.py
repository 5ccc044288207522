"""The check framework, on a small workbook whose checks come to every outcome."""

import json
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from copies import ROOT, clean_environment

HEADER = """
from workbook.checks.check import check
from workbook.outcome import NotStarted, Unknown, Wrong
from workbook.programs import run
READ = "phases/phase0/README.md#a"
"""
PASSES = '''
@check(read=READ)
def test_first():
    """The first line"""
    return "seen it"
'''
IS_WRONG = '''
@check(read=READ)
def test_second():
    """The second line"""
    raise Wrong(expected="one", found="two\\nand more", why="because", run_next="fix it")
'''
IS_NOT_STARTED = '''
@check(read=READ)
def test_third():
    """The third line"""
    raise NotStarted("run the lesson")
'''
CANNOT_KNOW = '''
@check(read=READ)
def test_fourth():
    """The fourth line"""
    raise Unknown("there is no cloud here")
'''
TAKES_TOO_LONG = '''
@check(read=READ)
def test_fourth():
    """The fourth line"""
    run(["sleep", "60"], 0.5)
'''
BREAKS = '''
@check(read=READ)
def test_fifth():
    """The fifth line"""
    return 1 / 0
'''


class Small:
    """A workbook with one phase and the checks that a test writes."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "phases/phase0").mkdir(parents=True)
        (home / "checks/phase0").mkdir(parents=True)
        lines = [f"- [ ] The {n} line" for n in ("first", "second", "third", "fourth", "fifth")]
        text = "# Small\n\n## Phase complete when\n\n" + "\n".join(lines) + "\n"
        (home / "phases/phase0/README.md").write_text(text)
        for name in ("pytest.ini", "conftest.py", "__init__.py"):
            (home / "checks" / name).write_bytes((ROOT / "checks" / name).read_bytes())
        (home / "checks/phase0/__init__.py").touch()

    def run(self, *checks: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        code = HEADER + "".join(textwrap.dedent(check) for check in checks)
        (self.home / "checks/phase0/test_all.py").write_text(code)
        return subprocess.run(
            [sys.executable, "-m", "pytest", "checks/phase0", *options],
            cwd=self.home,
            env=clean_environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
            capture_output=True,
            text=True,
        )


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path / "small")


@pytest.mark.parametrize(
    ("checks", "status"),
    [
        ((PASSES,), 0),
        ((PASSES, IS_WRONG, IS_NOT_STARTED, CANNOT_KNOW), 1),
        ((PASSES, IS_NOT_STARTED, CANNOT_KNOW), 10),
        ((PASSES, CANNOT_KNOW), 11),
        ((PASSES, TAKES_TOO_LONG), 11),
        ((PASSES, IS_WRONG, BREAKS), 3),
    ],
    ids=["passed", "wrong", "not started", "cannot be known", "takes too long", "check broken"],
)
def test_outcomes_are_told_apart_in_the_exit_status(
    small: Small, checks: tuple[str, ...], status: int
) -> None:
    assert small.run(*checks).returncode == status


def test_terminal_shows_each_line_with_what_was_seen(small: Small) -> None:
    out = small.run(PASSES, IS_WRONG, IS_NOT_STARTED, CANNOT_KNOW).stdout
    assert "✔ The first line" in out
    assert "seen it" in out
    assert "✘ The second line" in out
    for row in ("expected  one", "found     two", "why       because", "run next  fix it"):
        assert row in out
    assert "read      phases/phase0/README.md#a" in out
    assert "not started: run the lesson" in out
    assert "cannot be known here: there is no cloud here" in out
    assert "1 passed, 1 wrong, 1 not started, 1 cannot be known here, of 4 lines" in out
    assert "Traceback" not in out


def test_a_program_that_hangs_is_named_and_the_line_cannot_be_known(small: Small) -> None:
    out = " ".join(small.run(TAKES_TOO_LONG).stdout.split())
    assert "The fourth line cannot be known here: sleep 60 has not ended within 0.5 s" in out


def test_a_fault_of_the_check_is_not_the_learners(small: Small) -> None:
    out = small.run(BREAKS).stdout
    assert "! The fifth line" in out
    assert "the workbook's fault" in out
    assert "ZeroDivisionError" in out


def test_junit_tells_the_outcomes_apart(small: Small) -> None:
    small.run(PASSES, IS_WRONG, IS_NOT_STARTED, CANNOT_KNOW, options=("--junitxml=out.xml",))
    cases = ET.parse(small.home / "out.xml").getroot().iter("testcase")
    outcomes = {}
    for case in cases:
        properties = {p.get("name"): p.get("value") for p in case.iter("property")}
        outcomes[properties["line"]] = properties["outcome"]
        if properties["outcome"] == "wrong":
            failure = case.find("failure")
            assert failure is not None
            assert "found: two" in (failure.get("message") or "")
    assert outcomes == {
        "The first line": "passed",
        "The second line": "wrong",
        "The third line": "not started",
        "The fourth line": "cannot be known here",
    }


def test_the_first_cause_is_reported_and_the_rest_waits(small: Small) -> None:
    dependent = '''
    @check(read=READ, after=test_second)
    def test_fourth():
        """The fourth line"""
        raise AssertionError("must not run")
    '''
    result = small.run(dependent.replace("after=test_second", "after=()"), IS_WRONG)
    assert result.returncode == 3  # without `after`, it does run

    result = small.run(IS_WRONG, dependent)
    assert result.returncode == 1
    assert "? The fourth line" in result.stdout
    assert "cannot check until this passes: The second line" in result.stdout


def test_what_depends_on_something_not_started_is_not_started(small: Small) -> None:
    dependent = IS_WRONG.replace("read=READ", "read=READ, after=test_third").replace(
        "second", "fourth"
    )
    result = small.run(IS_NOT_STARTED, dependent)
    assert result.returncode == 10
    assert "· The fourth line" in result.stdout


def test_checks_run_in_the_order_of_the_lesson(small: Small) -> None:
    out = small.run(CANNOT_KNOW, IS_WRONG, PASSES).stdout
    assert out.index("The first") < out.index("The second") < out.index("The fourth")


def test_outcomes_are_kept_when_the_whole_phase_was_checked(small: Small) -> None:
    kept = small.home / ".workbook/local/phase0/checks.json"
    small.run(PASSES, IS_WRONG, options=("-k", "first"))
    assert not kept.exists()
    small.run(PASSES, IS_WRONG)
    results = json.loads(kept.read_text())["results"]
    assert [result["outcome"] for result in results] == ["passed", "wrong"]
    assert results[1]["rows"]["run next"] == "fix it"


def test_a_function_without_the_decorator_is_refused(small: Small) -> None:
    result = small.run("def test_bare():\n    pass\n")
    assert result.returncode not in (0, 10, 11)
    assert "is not a check" in result.stdout + result.stderr

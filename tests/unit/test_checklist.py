"""The check framework, on a small workbook whose checks come to every outcome."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from small_workbook import (
    BREAKS,
    CANNOT_KNOW,
    IS_INTERRUPTED,
    IS_NOT_STARTED,
    IS_WRONG,
    PASSES,
    TAKES_TOO_LONG,
    Small,
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
        ((PASSES, IS_INTERRUPTED), 2),
    ],
    ids=[
        "passed",
        "wrong",
        "not started",
        "cannot be known",
        "takes too long",
        "check broken",
        "interrupted",
    ],
)
def test_each_outcome_has_its_own_exit_status(
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


@pytest.mark.parametrize("holds", ["None", '{"kind": "Pod", "metadata": {"name": "a"}}'])
def test_a_fault_of_the_check_is_not_the_objects_that_its_caller_holds(
    small: Small, holds: str
) -> None:
    caller = f"item = {holds}\n    divide()"
    helper = "\ndef divide():\n    return None / 1\n"
    done = small.run(BREAKS.replace("return 1 / 0", caller) + helper)
    assert done.returncode == 3
    assert "the workbook's fault" in done.stdout


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

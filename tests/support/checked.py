"""What the checks of a copy come to, line by line."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from copies import clean_environment, cli_of

from workbook.checks.check import Check, check_of
from workbook.outcome import Outcome

CheckFunction = Callable[..., Any]
UNTIL = "cannot check until this passes: "
SECONDS = 300


@dataclass(frozen=True)
class Line:
    """What one check came to."""

    text: str  # of the checklist
    outcome: str
    said: str  # where it has not passed: what and why


def results(home: Path, number: int) -> dict[str, dict[str, Any]]:
    """What the last checks of a phase came to, by check."""
    kept = json.loads((home / f".workbook/local/phase{number}/checks.json").read_text())
    return {result["name"]: result for result in kept["results"]}


def outcomes(home: Path, number: int) -> dict[str, str]:
    return {name: result["outcome"] for name, result in results(home, number).items()}


def check_phase(home: Path, number: int) -> dict[str, Line]:
    """Run `./workbook check`; every line that it shows, by its check."""
    report = home / ".workbook" / "checks.xml"
    done = cli_of(home)("check", f"{number}", "--junit", str(report), seconds=SECONDS)
    assert done.returncode in (0, 1, 10, 11), done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return _lines(report)


def check_only(home: Path, functions: Iterable[CheckFunction], at: int) -> dict[str, Line]:
    """Run these checks and no others, in the state in which a phase is complete."""
    report = home / ".workbook" / "checks.xml"
    ids = [f"{f.__module__.replace('.', '/')}.py::{f.__name__}" for f in functions]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *ids, f"--current={at}", f"--junitxml={report}"],
        cwd=home,
        env=clean_environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode in (0, 1, 10, 11), done.stdout + done.stderr
    return _lines(report)


def name_of(function: CheckFunction) -> str:
    """What a check is called: phase1.test_pod.test_pod_is_running."""
    return f"{function.__module__.removeprefix('checks.')}.{function.__name__}"


def of_check(function: CheckFunction) -> Check:
    found = check_of(function)
    assert found is not None, f"{function.__name__} is no check"
    return found


def with_what_they_need(*functions: CheckFunction) -> list[CheckFunction]:
    """Checks, after those without which they could not know."""
    needed = [each for function in functions for each in of_check(function).after]
    before = with_what_they_need(*needed) if needed else []
    return list(dict.fromkeys([*before, *functions]))


def assert_only_wrong(
    lines: dict[str, Line], named: CheckFunction, also: tuple[CheckFunction, ...] = ()
) -> None:
    """Fail unless the named check is wrong and says why, and every other line passes or waits.

    Args:
        lines: of a whole check.
        named: the check that must be wrong.
        also: checks that may be wrong, or may not be able to look, too.
    """
    wrong = {name for name, line in lines.items() if line.outcome == Outcome.WRONG}
    allowed = {name_of(named), *map(name_of, also)}
    assert name_of(named) in wrong, f"{name_of(named)} is not wrong: {_not_passed(lines)}"
    assert wrong <= allowed, _not_passed(lines)
    for row in ("expected: ", "found: ", "read: "):
        assert row in lines[name_of(named)].said
    stopped = {line.text for line in lines.values() if line.outcome != Outcome.PASSED}
    for name in lines.keys() - wrong - allowed:
        line = lines[name]
        waits = line.outcome == Outcome.UNKNOWN and line.said.partition(UNTIL)[2] in stopped
        assert line.outcome == Outcome.PASSED or waits, f"{name}: {line}"


def _not_passed(lines: dict[str, Line]) -> dict[str, Line]:
    return {name: line for name, line in lines.items() if line.outcome != Outcome.PASSED}


def _lines(report: Path) -> dict[str, Line]:
    lines = {}
    for case in ElementTree.parse(report).iter("testcase"):
        properties = {p.get("name"): p.get("value", "") for p in case.iter("property")}
        failed, waits = case.find("failure"), case.find("skipped")
        said = ""
        if failed is not None:
            said = failed.text or ""
        elif waits is not None:
            said = waits.get("message", "")
        name = f"{case.get('classname', '').removeprefix('checks.')}.{case.get('name')}"
        lines[name] = Line(
            text=properties["line"],
            outcome=properties["outcome"],
            said=said,
        )
    return lines

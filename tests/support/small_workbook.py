"""A small workbook, whose checks come to every outcome."""

import subprocess
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path

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
IS_INTERRUPTED = '''
@check(read=READ)
def test_fifth():
    """The fifth line"""
    raise KeyboardInterrupt
'''


class Small:
    """A workbook with one phase, or more, and the checks that a test writes."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "checks").mkdir(parents=True)
        for name in ("pytest.ini", "conftest.py", "__init__.py"):
            (home / "checks" / name).write_bytes((ROOT / "checks" / name).read_bytes())
        self.add_phase(0, ("The first", "The second", "The third", "The fourth", "The fifth"))

    def add_phase(
        self, number: int, lines: Iterable[str], *checks: str, replaces: str = ""
    ) -> None:
        phase = self.home / f"phases/phase{number}"
        phase.mkdir(parents=True)
        listed = "\n".join(f"- [ ] {line} line" for line in lines)
        (phase / "README.md").write_text(f"# Small\n\n## Phase complete when\n\n{listed}\n")
        (phase / "phase.toml").write_text(f"adds = []\n[replaces]\n{replaces}\n")
        (self.home / f"checks/phase{number}").mkdir()
        (self.home / f"checks/phase{number}/__init__.py").touch()
        self.write(number, *checks)

    def write(self, number: int, *checks: str) -> None:
        code = HEADER + "".join(textwrap.dedent(check) for check in checks)
        (self.home / f"checks/phase{number}/test_all.py").write_text(code)

    def run(self, *checks: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        self.write(0, *checks)
        return self.check(0, *options)

    def check(self, number: int, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pytest", f"checks/phase{number}", *options],
            cwd=self.home,
            env=clean_environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
            capture_output=True,
            text=True,
        )

"""Carry a fix in a phase upward into the later copies: `python -m workbook.dev.carry 2`.

What differs from the last commit in the phase's folder is applied to each later phase, by
`git apply --3way`. Where a later phase has changed the same lines, git leaves conflict marks.
The lesson, its notebook and phase.toml are of one phase only and are not carried.
"""

import re
import sys
from pathlib import Path
from subprocess import CompletedProcess

from workbook.course.phase import Phase, find_phase, phases, root
from workbook.errors import WorkbookError
from workbook.programs import run

SECONDS = 60
# of one file in a change: its paths, before its first hunk
HEADER = re.compile(r"^diff --git .*?(?=^@@ |^GIT binary patch$|^diff --git |\Z)", re.M | re.S)


def carry(source: Phase) -> dict[str, str]:
    """Apply what is not committed in a phase to each later one.

    Returns:
        what git said of each later phase; "" where all was applied.

    Raises:
        WorkbookError: nothing differs from the last commit, git does not know a file, or it fails.
    """
    if unknown := _lines(source, "ls-files", "--others", "--exclude-standard").split():
        raise WorkbookError(
            f"git does not know these files, and would not carry them: {' '.join(unknown)}",
            f"git add --intent-to-add {' '.join(unknown)}",
        )
    change = _lines(source, "diff", "--binary", "HEAD")
    if not change.strip():
        raise WorkbookError(
            f"Nothing in phases/{source.name} differs from the last commit.",
            "change a file there first, and do not commit it",
        )
    said = {}
    for phase in phases(source.root, source.target):
        if phase.number <= source.number:
            continue
        done = _git(source.root, "apply", "--3way", "-", stdin=_moved(change, source, phase))
        said[phase.name] = "" if done.returncode == 0 else done.stderr.strip()
    return said


def _lines(phase: Phase, *words: str) -> str:
    """What git says of a phase's folder, without what belongs to one phase only."""
    own = (phase.lesson, phase.notebook, phase.directory / "phase.toml")
    left_out = [f":(exclude){path.relative_to(phase.root)}" for path in own]
    done = _git(phase.root, *words, "--", f"phases/{phase.name}", *left_out)
    if done.returncode != 0:
        raise WorkbookError(f"git {words[0]} failed: {done.stderr.strip()}", "git status")
    return done.stdout


def _moved(change: str, source: Phase, phase: Phase) -> str:
    """A change of one phase's files as a change of another's: other paths, the same content."""
    before, after = f"phases/{source.name}/", f"phases/{phase.name}/"
    return HEADER.sub(lambda header: header[0].replace(before, after), change)


def _git(home: Path, *words: str, stdin: str = "") -> "CompletedProcess[str]":
    return run(["git", *words], SECONDS, stdin=stdin, directory=home)


def main() -> None:
    """Carry from the phase that is named, and say what became of each later one."""
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        sys.exit("Name a phase: python -m workbook.dev.carry 2")
    try:
        said = carry(find_phase(int(sys.argv[1]), root(), "local"))
    except WorkbookError as error:
        sys.exit(f"{error} {error.run_next}")
    for name, problem in said.items():
        print(f"{name}: {problem or 'applied'}")
    sys.exit(1 if any(said.values()) else 0)


if __name__ == "__main__":
    main()

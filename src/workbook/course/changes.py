"""What a phase changes in the code of another: `workbook diff` shows it, and so does the site."""

from collections.abc import Iterator

from workbook.course.phase import Phase
from workbook.programs import run

SECONDS_TO_COMPARE = 60
COMMAND = ("git", "--no-pager", "diff", "--no-index")


def files_of(phase: Phase) -> set[str]:
    """What git tracks of a phase, or would: not the model, no caches; from the phase's folder."""
    folder = f"{phase.directory.relative_to(phase.root).as_posix()}/"
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z", folder]
    listing = run(command, SECONDS_TO_COMPARE, directory=phase.root).stdout
    names = (name for name in listing.split("\0") if name)
    return {name.removeprefix(folder) for name in names if (phase.root / name).is_file()}


def is_code(name: str) -> bool:
    """Whether a file of a phase is neither its lesson nor a lock, which are new each time."""
    return name != "README.md" and not name.endswith((".ipynb", ".lock"))


def comparisons(older: Phase, newer: Phase) -> Iterator[tuple[str, list[str]]]:
    """For each file of either phase, its name and the command that compares its two sides."""
    files = {phase: files_of(phase) for phase in (older, newer)}
    for name in sorted(files[older] | files[newer]):
        sides = [
            (phase.directory / name).relative_to(phase.root).as_posix()
            if name in files[phase]
            else "/dev/null"
            for phase in (older, newer)
        ]
        yield name, [*COMMAND, *sides]


def differences(older: Phase, newer: Phase) -> Iterator[tuple[str, str]]:
    """Each file that differs, and how, as git says it."""
    for name, command in comparisons(older, newer):
        done = run(command, SECONDS_TO_COMPARE, directory=older.root)
        if done.stdout:
            yield name, done.stdout

"""Where things are: the workbook's folder, its phases, and what it remembers of each."""

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workbook.course.manifest import Manifest, read_manifest
from workbook.errors import WorkbookError


def root() -> Path:
    """The folder that holds phases/: named by WORKBOOK_ROOT, or this folder or one above it.

    Raises:
        WorkbookError: it does not exist.
    """
    named = os.environ.get("WORKBOOK_ROOT")
    here = Path.cwd()
    for folder in [Path(named)] if named else [here, *here.parents]:
        if (folder / "phases" / "phase0").is_dir():
            return folder.resolve()
    where = f"{named}, which WORKBOOK_ROOT names," if named else f"{here}, and no folder above it,"
    raise WorkbookError(f"{where} is not a workbook: there is no phases/phase0 in it.", "cd to it")


@dataclass(frozen=True)
class Lesson:
    """A folder with a lesson: a phase, or a notebook across phases."""

    directory: Path
    root: Path
    target: str

    @property
    def name(self) -> str:
        return self.directory.name

    @property
    def argument(self) -> str:
        """How it is named on the command line: `./workbook run costs`."""
        return self.name

    @property
    def label(self) -> str:
        """What it is called in a header: `Phase 1`, or `costs`."""
        return self.name

    @property
    def lesson(self) -> Path:
        return self.directory / "README.md"

    @property
    def notebook(self) -> Path:
        return self.directory / f"{self.name}.ipynb"

    @property
    def checks(self) -> Path:
        return self.root / "checks" / self.name

    @cached_property
    def state(self) -> Path:
        """What the workbook remembers of it on this target; never in git."""
        self._state.mkdir(parents=True, exist_ok=True)
        return self._state

    @property
    def has_state(self) -> bool:
        """Whether the workbook remembers anything of it. To ask for `state` makes the folder."""
        return self._state.is_dir()

    @property
    def _state(self) -> Path:
        return self.root / ".workbook" / self.target / self.name


class Phase(Lesson):
    """One of the stages 0 to 7: a folder that is complete and runnable."""

    def __init__(self, number: int, root: Path, target: str) -> None:
        super().__init__(root / "phases" / f"phase{number}", root, target)

    @property
    def label(self) -> str:
        return f"Phase {self.number}"

    @property
    def number(self) -> int:
        return int(self.argument)

    @property
    def argument(self) -> str:
        return self.name.removeprefix("phase")

    @cached_property
    def manifest(self) -> Manifest:
        """What it adds to the phase before it."""
        return read_manifest(self.directory / "phase.toml")

    def has(self, feature: str) -> bool:
        """Whether this phase or one before it adds a feature, such as a gateway."""
        return any(feature in phase.manifest.adds for phase in self.up_to)

    @property
    def up_to(self) -> "list[Phase]":
        """The phases before it, in order, and itself."""
        earlier = [Phase(number, self.root, self.target) for number in range(self.number)]
        return [*earlier, self]

    @property
    def overlay(self) -> Path:
        """The folder from which kustomize makes its Kubernetes objects on this target."""
        return self.directory / "k8s" / self.target

    @property
    def values(self) -> Path:
        """The values of the learner's own system in these objects; the lesson writes the file."""
        return self.overlay / "values" / "values.env"

    @property
    def drills(self) -> Path:
        return self.root / "drills" / self.name

    @property
    def exercises(self) -> Path:
        return self.root / "exercises" / self.name


def phases(home: Path, target: str) -> list[Phase]:
    """Every phase that there is, in order; one is there when its lesson is."""
    names = (lesson.parent.name for lesson in (home / "phases").glob("*/README.md"))
    numbers = (re.fullmatch(r"phase(\d)", name) for name in names)
    return [Phase(number, home, target) for number in sorted(int(n[1]) for n in numbers if n)]


def find_phase(number: int, home: Path, target: str) -> Phase:
    """The phase of that number.

    Raises:
        WorkbookError: it does not exist.
    """
    there_are = phases(home, target)
    for phase in there_are:
        if phase.number == number:
            return phase
    numbers = ", ".join(str(phase.number) for phase in there_are)
    raise WorkbookError(f"There is no phase {number} yet; there is {numbers}.")


def notebooks(home: Path, target: str) -> list[Lesson]:
    """Every lesson across phases, by name."""
    folders = sorted(lesson.parent for lesson in (home / "notebooks").glob("*/README.md"))
    return [Lesson(folder, home, target) for folder in folders]


def lessons(home: Path, target: str) -> list[Lesson]:
    """Every phase, then every notebook."""
    return [*phases(home, target), *notebooks(home, target)]


def find_lesson(argument: str, home: Path, target: str) -> Lesson:
    """The phase of that number, or the notebook of that name.

    Raises:
        WorkbookError: it does not exist.
    """
    if argument.isdecimal():
        return find_phase(int(argument), home, target)
    there_are = lessons(home, target)
    for lesson in there_are:
        if lesson.argument == argument:
            return lesson
    known = ", ".join(lesson.argument for lesson in there_are)
    raise WorkbookError(
        f"{argument!r} is neither a phase nor a notebook; there is {known}.", "./workbook --help"
    )

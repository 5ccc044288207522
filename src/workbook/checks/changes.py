"""Notices when something changes that a lesson's lines may depend on.

The API server reports the objects of the cluster. Files, programs and ports of this machine are
looked at, which costs next to nothing.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from workbook.course.phase import Lesson, Phase
from workbook.errors import WorkbookError
from workbook.learner.background import Background
from workbook.learner.choices import load_choices
from workbook.learner.ports import is_taken
from workbook.outcome import Finding
from workbook.targets.changes import reported_changes
from workbook.targets.kubernetes import Kubernetes
from workbook.targets.opening import open_cluster

FILES = ("model/*", "sentiment/*.py", "terraform/*/*.tf*")  # of a phase, that its checks look at


class Changes:
    """When something was last seen to change."""

    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self._phases = lesson.up_to if isinstance(lesson, Phase) else []
        self._here = self._on_this_machine()
        self.last = time.monotonic()

    def note(self) -> None:
        """Something has changed now. Any thread may say so."""
        self.last = time.monotonic()

    def look_here(self) -> None:
        """Look at this machine."""
        if (here := self._on_this_machine()) != self._here:
            self._here = here
            self.note()

    def _on_this_machine(self) -> tuple[object, ...]:
        """When each file was last written, which programs run, and which ports answer."""
        files = [*self._lesson.state.glob("*.json")]
        for phase in self._phases:
            files += [file for pattern in FILES for file in phase.directory.glob(pattern)]
        written: dict[str, int] = {}
        for file in files:
            with suppress(FileNotFoundError):  # removed at this moment, as at the end of a drill
                written[str(file)] = file.stat().st_mtime_ns
        running = [program.pid for program in Background(self._lesson.state).running()]
        choices = load_choices(self._lesson.root)
        # a program that is asked for nothing notes nothing, neither uvicorn nor the registry
        ports = (choices.port, choices.registry_port)
        return written, running, [is_taken(port) for port in ports]


@contextmanager
def changes_of(lesson: Lesson) -> Iterator[Changes]:
    """What changes for a lesson, until the block ends."""
    changes = Changes(lesson)

    def find() -> Kubernetes | None:
        try:
            return open_cluster(lesson.root, lesson.target)
        except (Finding, WorkbookError):
            return None

    if not (isinstance(lesson, Phase) and lesson.has("cluster")):
        yield changes
        return
    of_phases = (phase.manifest.on(lesson.target) for phase in lesson.up_to)
    namespaces = {name for each in of_phases for name in each.namespaces}
    with reported_changes(find, namespaces, changes.note):
        yield changes

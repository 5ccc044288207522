"""Drills: a deliberate break, the check that it turns red, hints, and the solution.

A drill is a file in drills/phaseN/ with one `DRILL`.
"""

import importlib.util
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from workbook.course.manifest import TARGETS
from workbook.course.phase import Phase
from workbook.errors import WorkbookError
from workbook.learner.background import Background, Program
from workbook.learner.choices import Choices
from workbook.learner.ports import taken_by
from workbook.learner.store import whole
from workbook.programs import run

SECONDS_TO_ANSWER = 20
SECONDS_TO_BREAK = 600  # training included
# Without it, a training whose drill was killed would save its model after --fix.
ENDS_WITH = """
import os, threading, time
def end_with_parent():
    while os.getppid() == {}:
        time.sleep(0.1)
    os._exit(1)
threading.Thread(target=end_with_parent, daemon=True).start()
"""


class NothingToBreak(WorkbookError):
    """The thing to break is missing, or is not as the drill expects. Nothing was changed."""


@dataclass(frozen=True)
class System:
    """The learner's system, as a drill breaks and fixes it."""

    phase: Phase
    choices: Choices
    background: Background

    @property
    def kept(self) -> Path:
        """A folder for what a drill takes away and `--fix` puts back."""
        folder = self.phase.state / "drill"
        folder.mkdir(exist_ok=True)
        return folder

    def keep(self, file: Path) -> None:
        """Put a copy of a file aside: all of it or nothing, as an interruption may come."""
        with whole(self.kept / file.name) as draft:
            shutil.copyfile(file, draft)

    def put_back(self, file: Path) -> None:
        """Put the kept copy back, if the break was not interrupted before it was made."""
        kept = self.kept / file.name
        if kept.exists():
            shutil.copyfile(kept, file)

    def python(self, code: str) -> None:
        """Run Python with the phase's own code, in its folder; it ends when this process ends.

        Raises:
            WorkbookError: it failed.
        """
        command = [sys.executable, "-c", ENDS_WITH.format(os.getpid()) + code]
        done = run(command, SECONDS_TO_BREAK, directory=self.phase.directory)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise WorkbookError(f"The drill's code failed: {reason}", self._rerun)

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace one passage of one of the phase's files, and leave the learner's other edits.

        Raises:
            NothingToBreak: the passage is not there, or more than once.
        """
        path = self.phase.directory / name
        text = path.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise NothingToBreak(
                f"This drill needs this passage exactly once in "
                f"{path.relative_to(self.phase.root)}; found {text.count(old)}. "
                f"Undo your edits there first:\n    {old.strip()}",
                f"git diff phases/{self.phase.name}",
            )
        with whole(path) as draft:
            draft.write_text(text.replace(old, new), encoding="utf-8")

    def program(self, word: str) -> Program:
        """The program that the lesson has started and whose command mentions `word`.

        Raises:
            NothingToBreak: no such program is running.
        """
        for program in self.background.running():
            if any(word in part for part in program.command):
                return program
        problem = f"No program that a lesson has started runs {word}."
        if holder := taken_by(self.choices.port):  # which `run` would meet next
            problem += f" Port {self.choices.port} is taken by {holder}: end that first."
        raise NothingToBreak(problem, self._rerun)

    def restart_api(self) -> None:
        """End the API and start it again, and wait until it listens."""
        self.background.restart(self.program("sentiment.api:app"))
        self.wait_for_port()

    def wait_for_port(self) -> None:
        """Wait until something listens on the port of the API.

        Raises:
            WorkbookError: nothing does, in time.
        """
        import socket

        deadline = time.monotonic() + SECONDS_TO_ANSWER
        while time.monotonic() < deadline:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.choices.port)) == 0:
                    return
            time.sleep(0.1)
        raise WorkbookError(f"Nothing listens on port {self.choices.port} yet.", self._rerun)

    @property
    def _rerun(self) -> str:
        return f"./workbook run {self.phase.number}"


@dataclass(frozen=True)
class Drill:
    """One deliberate break."""

    title: str  # what happened, as a colleague would tell it
    difficulty: int  # 1 to 3: how far the cause is from what shows, and how many tools find it
    turns_red: Callable[..., Any]  # the check
    hints: tuple[str, ...]  # from a nudge to nearly the answer
    way_back: str  # the solution: what a person does about it
    break_it: Callable[[System], None]
    fix: Callable[[System], None]
    targets: tuple[str, ...] = TARGETS  # where there is what it breaks
    also: tuple[Callable[..., Any], ...] = ()  # checks that may turn red with it


def load_file(file: Path, home: Path) -> ModuleType:
    """A module that is no part of the package, and imports checks and drills by their names."""
    if str(home) not in sys.path:
        sys.path.insert(0, str(home))
    spec = importlib.util.spec_from_file_location(f"{file.parent.name}.{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

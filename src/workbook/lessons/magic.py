"""The magics of the lessons: `%%bash`, made strict, bounded and aware of the target; `%answer`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from workbook.checks.answering import answer_question, questions_of, refuse_unknown
from workbook.course.phase import Lesson, Phase, lessons, root
from workbook.errors import WorkbookError
from workbook.learner.answers import GIVES_ANSWERS, read_answers
from workbook.learner.background import Background
from workbook.learner.choices import load_choices
from workbook.lessons.cells import SECONDS, SOLUTION, target_of
from workbook.lessons.shell import CellFailed, Shell
from workbook.targets.environment import lesson_environment

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

DEFAULT_SECONDS = 300
# ipykernel sets these, and programs would draw progress that moves the cursor
SAYS_TERMINAL = ("CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR")


class CellError(Exception):
    """Shown in the notebook as one sentence, without a traceback into the workbook."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@magics_class
class LessonMagic(Magics):
    """Runs `%%bash` cells in one shell for the whole notebook, and takes answers."""

    def __init__(self, shell: "InteractiveShell") -> None:
        super().__init__(shell)
        home = root()
        choices = load_choices(home)
        self._lesson = lesson = _lesson_of(Path.cwd(), home, choices.target)
        self._target = choices.target
        environment = {**os.environ, **lesson_environment(home, choices)}
        for name in SAYS_TERMINAL:
            environment.pop(name, None)
        self._shell = Shell(Background(lesson.state), lesson.directory, environment)

    @cell_magic
    def bash(self, line: str, cell: str) -> None:
        """Run a cell, or say why it is not run."""
        target = target_of(cell)
        if target not in ("", self._target):
            print(f"This cell is for the target {target}; yours is {self._target}. Not run.")
            return
        if SOLUTION.search(cell) and GIVES_ANSWERS not in os.environ:
            print("This cell holds the answer, so it is not run here. Type your own answer")
            print("into the cell with %answer, under the question.")
            return
        limit = SECONDS.search(cell)
        try:
            self._shell.run(cell, float(limit[1]) if limit else DEFAULT_SECONDS, sys.stdout.write)
        except CellFailed as error:
            raise CellError(str(error)) from None

    @line_magic
    def answer(self, line: str) -> None:
        """Record an answer, and judge it: `%answer QUESTION YOUR ANSWER`."""
        question, _, words = line.strip().partition(" ")
        phase = self._lesson
        if not isinstance(phase, Phase):
            raise CellError("This notebook asks no questions.")
        try:
            refuse_unknown(phase, question)
            verdict = answer_question(phase, question, words) if words.strip() else None
        except WorkbookError as error:
            raise CellError(str(error)) from None
        if verdict:
            print(verdict.shown)
            if verdict.right is False:
                print(f"  Where to look: {questions_of(phase)[question].look}")
        elif given := read_answers(phase).get(question):
            print(f"Your recorded answer: {given}")
        else:
            form = questions_of(phase)[question].form.text
            print(f"Type your answer after {question}: {form}.")


def _lesson_of(directory: Path, home: Path, target: str) -> Lesson:
    here = directory.resolve()
    for lesson in lessons(home, target):
        if here.is_relative_to(lesson.directory):
            return lesson
    raise WorkbookError(f"{directory} is not the folder of a lesson.", "./workbook lab")

"""The arguments that several verbs share, and the phase or notebook that they name."""

from typing import Annotated

import typer

from workbook.course.phase import Lesson, Phase, find_lesson, find_phase, root
from workbook.learner.choices import Choices, load_choices

Number = Annotated[int, typer.Argument(metavar="N", help="The phase: 0 to 7.")]
NumberOrName = Annotated[
    str, typer.Argument(metavar="N|NAME", help="The phase, 0 to 7, or a notebook, such as costs.")
]


def chosen_phase(number: int) -> tuple[Phase, Choices]:
    """The phase of that number on the learner's target, and the learner's choices."""
    home = root()
    choices = load_choices(home)
    return find_phase(number, home, choices.target), choices


def chosen_lesson(argument: str) -> tuple[Lesson, Choices]:
    """The same, where it may also be a notebook."""
    home = root()
    choices = load_choices(home)
    return find_lesson(argument, home, choices.target), choices

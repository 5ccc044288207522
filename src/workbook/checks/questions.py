"""Questions of a lesson whose answers are facts of the learner's own system.

Like check.py, this needs the standard library only.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass

from workbook.course.phase import Phase
from workbook.learner.answers import read_answers
from workbook.outcome import NotStarted, Wrong


@dataclass(frozen=True)
class Question:
    """What is asked, and where the answer is found."""

    asked: str
    look: str = ""  # the command that shows it; "" for what the learner saw in the lesson


def understood(
    phase: Phase,
    questions: Mapping[str, Question],
    is_right: Mapping[str, Callable[[str], bool]],
) -> str:
    """Judge the learner's answers.

    Args:
        phase: whose answers are read.
        questions: of the lesson, by name, in its order.
        is_right: judges the answer to each question, without the spaces and quotes around it.

    Raises:
        Wrong: an answer is wrong.
        NotStarted: no answer is wrong, but a question is not answered yet.
    """
    answers = read_answers(phase)
    for name, question in questions.items():
        if name in answers and not is_right[name](answers[name].strip().strip("\"'` ")):
            raise Wrong(
                expected=f"{name}: {question.asked}",
                found=f"your answer {answers[name]!r}, which your system does not confirm",
                why="the answer is a fact of your own system; another system has another answer",
                run_next=question.look
                or f"./workbook lab {phase.number}, and look at what you saw",
            )
    if open_questions := [name for name in questions if name not in answers]:
        raise NotStarted(f"answer in the lesson: {', '.join(open_questions)}")
    return f"{len(questions)} questions answered"


def is_near(number: float, within: float) -> Callable[[str], bool]:
    """Whether an answer is this number, or close to it; units such as `x`, `%` and `s` may follow.

    Args:
        number: the right answer.
        within: how far an answer may be away.
    """

    def judge(given: str) -> bool:
        try:
            return abs(float(given.replace(",", "").rstrip("x×%s ")) - number) <= within
        except ValueError:
            return False

    return judge


def is_one_of(names: Container[str]) -> Callable[[str], bool]:
    """Whether an answer is one of these names; kubectl's `pod/NAME` counts as NAME."""
    return lambda given: given.rpartition("/")[2] in names

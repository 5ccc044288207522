"""The questions of lesson 0, whose answers are facts of the learner's own model."""

from typing import Any

from checks.phase0 import test_model
from checks.phase0.conftest import HERE
from workbook.checks.check import check
from workbook.course.phase import Phase
from workbook.learner.answers import read_answers
from workbook.outcome import NotStarted, Wrong

QUESTIONS = {  # name: what is asked, where to look
    "strongest-negative-word": (
        "the word or word pair that pulls hardest towards negative",
        "python -m sentiment.explain --top 3",
    ),
    "swing-word": (
        'the word without which "The food was not good" gets the other label',
        'python -m sentiment.explain "The food was not good"',
    ),
    "right-when-sure": (
        "of 100 held-out texts that the model is at least 90 % sure of, how many are right",
        "python -m sentiment.evaluate",
    ),
}


@check(
    read="phases/phase0/README.md#you-understand-the-core-logic",
    after=test_model.test_model_beats_guessing,
)
def test_core_logic_is_understood(phase: Phase, facts: dict[str, Any]) -> str:
    """You understand the core logic"""
    answers = read_answers(phase)
    open_questions = [name for name in QUESTIONS if name not in answers]
    for name, (asked, look) in QUESTIONS.items():
        if name in answers and not _is_right(name, answers[name], facts):
            raise Wrong(
                expected=f"{name}: {asked}",
                found=f"your answer {answers[name]!r}, which your model does not bear out",
                why="the answer is a fact of your own model; another model has another answer",
                run_next=HERE + look,
            )
    if open_questions:
        raise NotStarted(f"answer in the lesson: {', '.join(open_questions)}")
    return f"{len(QUESTIONS)} questions answered"


def _is_right(name: str, answer: str, facts: dict[str, Any]) -> bool:
    given = answer.strip().strip("\"'`.").lower()
    if name == "strongest-negative-word":
        return bool(given == facts["strongest_negative"])
    if name == "swing-word":
        return given in {word.lower() for word in facts["swing_words"]}
    try:
        share = float(given.rstrip("% "))
    except ValueError:
        return False
    # one either way: the learner may have rounded up or down
    return facts["right_when_sure"] is not None and abs(share - 100 * facts["right_when_sure"]) <= 1

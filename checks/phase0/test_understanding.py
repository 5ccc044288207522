"""The questions of lesson 0, whose answers are facts of the learner's own model."""

from typing import Any

from checks.phase0 import test_model
from checks.phase0.conftest import HERE
from workbook.checks.check import check
from workbook.checks.questions import Question, form, is_near, plain, understood, whole_number
from workbook.course.phase import Phase

QUESTIONS = {
    "strongest-negative-word": Question(
        "the word or word pair that pulls hardest towards negative",
        form("a word, or two words", r"[^\W\d]+( [^\W\d]+)?"),
        f"{HERE}python -m sentiment.explain --top 3",
    ),
    "swing-word": Question(
        'the word without which "The food was not good" gets the other label',
        form("a word of the sentence", r"(?i)the|food|was|not|good"),
        f'{HERE}python -m sentiment.explain "The food was not good"',
    ),
    "right-when-sure": Question(
        "of 100 held-out texts that the model is at least 90 % sure of, how many are right",
        whole_number(0, 100),
        f"{HERE}python -m sentiment.evaluate",
    ),
}


@check(
    read="phases/phase0/README.md#you-understand-the-core-logic",
    after=test_model.test_model_beats_guessing,
)
def test_core_logic_is_understood(phase: Phase, facts: dict[str, Any]) -> str:
    """You understand the core logic"""
    share = facts["right_when_sure"]
    swing_words = {word.lower() for word in facts["swing_words"]}
    return understood(
        phase,
        QUESTIONS,
        {
            "strongest-negative-word": lambda given: _word(given) == facts["strongest_negative"],
            "swing-word": lambda given: _word(given) in swing_words,
            # one either way: the learner may have rounded up or down
            "right-when-sure": is_near(100 * share, within=1)
            if share is not None
            else lambda _: False,
        },
    )


def _word(given: str) -> str:
    return plain(given).strip(". ").lower()

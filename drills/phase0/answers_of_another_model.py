"""Answers that are right for another person's model."""

from checks.phase0.test_understanding import test_core_logic_is_understood
from workbook.drills.factories import wrong_answers

DRILL = wrong_answers(
    test_core_logic_is_understood,
    {"strongest-negative-word": "waste", "swing-word": "food", "right-when-sure": "81"},
    hints=(
        "Which word does the check reject, and what does your model say about it?",
        "python -m sentiment.explain --top 3, in phases/phase0",
        "Your friend trained on other texts. Look all three answers up in your own model.",
    ),
    again="strongest-negative-word",
    title="You were in a hurry, and copied a friend's answers.",
)

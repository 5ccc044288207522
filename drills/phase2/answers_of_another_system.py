"""Answers that are right for another person's system."""

from checks.phase2.test_understanding import test_log_is_understood
from workbook.drills.factories import wrong_answers

DRILL = wrong_answers(
    test_log_is_understood,
    {"batch-gain": "7", "who-wrote": "ml-api-5d59d67564-x2v4q", "expires": "2025-12-24"},
    hints=(
        "Which answer does the check reject, and where did you see it?",
        "./workbook lab 2: each question says how its answer is found",
        "A measurement belongs to a machine, a pod to a cluster, a certificate to an authority. "
        "Look all three up in yours.",
    ),
    again="who-wrote",
)

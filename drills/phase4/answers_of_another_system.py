"""Answers that are right for another person's system."""

from checks.phase4.test_understanding import test_scaling_is_understood
from workbook.drills.factories import wrong_answers

DRILL = wrong_answers(
    test_scaling_is_understood,
    {"together-gain": "2", "cluster-ip": "10.1.2.3", "most-pods": "17"},
    hints=(
        "Which answer does the check reject, and where did you see it?",
        "./workbook lab 4: each question says how its answer is found",
        "A measurement belongs to a machine, an address to a cluster. Look all three up in yours.",
    ),
    again="cluster-ip",
)

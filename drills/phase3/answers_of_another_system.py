"""Answers that are right for another person's system."""

from checks.phase3.test_understanding import test_terraform_is_understood
from workbook.drills.factories import wrong_answers

DRILL = wrong_answers(
    test_terraform_is_understood,
    {
        "lock-holder": "a-colleague@a-laptop",
        "lineage": "00000000-1111-2222-3333-444444444444",
        "rebuild-seconds": "3600",
    },
    hints=(
        "Which answer does the check reject, and where did you see it?",
        "./workbook lab 3: each question says how its answer is found",
        "The lineage is the state's own name: terraform state pull shows it.",
    ),
    again="lineage",
)

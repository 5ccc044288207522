"""Answers that are right for another person's cluster."""

from checks.phase1.test_understanding import test_kubernetes_is_understood
from workbook.drills.factories import wrong_answers

DRILL = wrong_answers(
    test_kubernetes_is_understood,
    {
        "most-pods": "9",
        "old-replicas": "7",
        "replaced-by": "ml-api-5d59d67564",
        "endpoint-before": "10.1.2.3:80",
        "endpoint-after": "10.1.2.4:80",
    },
    hints=(
        "Which answer does the check reject, and what did your own terminal say?",
        "./workbook lab 1: read the output under “Delete a pod” again",
        "Every cluster has its own names and addresses. Look all of them up in yours.",
    ),
    again="replaced-by",
)

"""The questions of lesson 1, whose answers are facts of what the learner did to the cluster."""

from checks.phase1 import test_disturbance
from workbook.checks.check import check
from workbook.course.phase import Phase
from workbook.learner.answers import read_answers
from workbook.measure.traffic import read_traffic
from workbook.outcome import NotStarted, Wrong

LOOK = "./workbook lab 1, and look at what you saw under “Delete a pod”"
QUESTIONS = {  # what is asked
    "replaced-by": "the name of the ReplicaSet that made the pod which replaced the deleted one",
    "endpoint-before": "where the Service sent requests before you deleted the pod, as 10.0.0.1:80",
    "endpoint-after": "where the Service sent requests afterwards, as 10.0.0.1:80",
}


@check(
    read="phases/phase1/README.md#you-understand-pods-deployments-services",
    after=test_disturbance.test_pod_is_replaced,
)
def test_kubernetes_is_understood(phase: Phase) -> str:
    """You understand: pods, deployments, services"""
    answers = read_answers(phase)
    right = _right_answers(phase)
    for question, asked in QUESTIONS.items():
        given = answers.get(question, "").strip().strip("\"'`").rpartition("/")[2]
        if question in answers and given not in right[question]:
            raise Wrong(
                expected=f"{question}: {asked}",
                found=f"your answer {answers[question]!r}, which your recording does not bear out",
                why="the answer is a fact of what you did to your cluster; another cluster, or "
                "another day, has another",
                run_next=LOOK,
            )
    if open_questions := [question for question in QUESTIONS if question not in answers]:
        raise NotStarted(f"answer in the lesson: {', '.join(open_questions)}")
    return f"{len(QUESTIONS)} questions answered"


def _right_answers(phase: Phase) -> dict[str, set[str]]:
    deletion = read_traffic(phase.state, "pod-deletion")
    assert deletion is not None, "the check before this one has seen it"
    new = deletion.after["pods"].keys() - deletion.before["pods"].keys()
    return {
        "replaced-by": {deletion.after["pods"][pod] for pod in new},
        "endpoint-before": set(deletion.before["endpoints"]),
        "endpoint-after": set(deletion.after["endpoints"]),
    }

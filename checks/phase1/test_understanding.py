"""The questions of lesson 1, whose answers are facts of what the learner did to the cluster."""

from checks.phase1 import test_disturbance
from workbook.checks.check import check
from workbook.checks.questions import Question, is_one_of, understood
from workbook.course.phase import Phase
from workbook.measure.traffic import read_traffic

LOOK = "./workbook lab 1, and look at what you saw under “Delete a pod”"
QUESTIONS = {
    "replaced-by": Question(
        "the name of the ReplicaSet that made the pod which replaced the deleted one", LOOK
    ),
    "endpoint-before": Question(
        "where the Service sent requests before you deleted the pod, as 10.0.0.1:80", LOOK
    ),
    "endpoint-after": Question("where the Service sent requests afterwards, as 10.0.0.1:80", LOOK),
}


@check(
    read="phases/phase1/README.md#you-understand-pods-deployments-services",
    after=test_disturbance.test_pod_is_replaced,
)
def test_kubernetes_is_understood(phase: Phase) -> str:
    """You understand: pods, deployments, services"""
    deletion = read_traffic(phase.state, "pod-deletion")
    assert deletion is not None, "the check before this one has seen it"
    new = deletion.after.pods.keys() - deletion.before.pods.keys()
    return understood(
        phase,
        QUESTIONS,
        {
            "replaced-by": is_one_of({deletion.after.pods[pod] for pod in new}),
            "endpoint-before": is_one_of(deletion.before.endpoints),
            "endpoint-after": is_one_of(deletion.after.endpoints),
        },
    )

"""The questions of lesson 1, whose answers are facts of what the learner did to the cluster."""

from checks.phase1 import test_disturbance
from workbook.checks.check import check
from workbook.checks.deployment import Deployment
from workbook.checks.questions import Question, is_one_of, understood
from workbook.course.phase import Phase
from workbook.measure.traffic import read_traffic

LOOK = "./workbook lab 1, and look at what you saw under “Delete a pod”"
QUESTIONS = {
    "most-pods": Question(
        "how many pods may exist at once during the rolling update: replicas and maxSurge together",
        "kubectl --namespace ml-demo get deployment ml-api --output yaml",
    ),
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
    after=(test_disturbance.test_update_loses_nothing, test_disturbance.test_pod_is_replaced),
)
def test_kubernetes_is_understood(phase: Phase, deployment: Deployment) -> str:
    """You understand: pods, deployments, services"""
    update = read_traffic(phase.state, "rolling-update")
    deletion = read_traffic(phase.state, "pod-deletion")
    assert update is not None, "the checks before this one have seen both"
    assert deletion is not None
    surge = deployment.object["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
    new = deletion.after.pods.keys() - deletion.before.pods.keys()
    return understood(
        phase,
        QUESTIONS,
        {
            "most-pods": is_one_of({str(len(update.before.pods) + surge)}),
            "replaced-by": is_one_of({deletion.after.pods[pod] for pod in new}),
            "endpoint-before": is_one_of(deletion.before.endpoints),
            "endpoint-after": is_one_of(deletion.after.endpoints),
        },
    )

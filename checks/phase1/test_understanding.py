"""The questions of lesson 1, whose answers are facts of what the learner did to the cluster."""

from checks.phase1 import test_disturbance
from workbook.checks.check import check
from workbook.checks.deployment import Deployment
from workbook.checks.questions import (
    ENDPOINT,
    Question,
    form,
    is_near,
    is_one_of,
    not_yet,
    understood,
    whole_number,
)
from workbook.course.phase import Phase
from workbook.measure.traffic import read_traffic

LOOK = "lesson 1, “Delete a pod”"
QUESTIONS = {
    "most-pods": Question(
        "how many pods may exist at once during a rolling update, without those that are ending",
        whole_number(),
        "kubectl --namespace ml-demo get deployment ml-api --output yaml",
    ),
    "old-replicas": Question(
        "how many pods the old ReplicaSet wants after the update",
        whole_number(),
        "kubectl --namespace ml-demo get replicasets",
    ),
    "replaced-by": Question(
        "the name of the ReplicaSet that made the pod which replaced the deleted one",
        form(
            "a ReplicaSet's name, such as ml-api-5d59d67564", r"([a-z.]+/)?[a-z-]+-[a-z0-9]{6,10}"
        ),
        LOOK,
    ),
    "endpoint-before": Question(
        "where the Service sent requests before you deleted the pod, as 10.0.0.1:1234",
        ENDPOINT,
        LOOK,
    ),
    "endpoint-after": Question(
        "where the Service sent requests afterwards, as 10.0.0.1:1234", ENDPOINT, LOOK
    ),
}


@check(
    read="phases/phase1/README.md#you-understand-pods-deployments-services",
    after=(test_disturbance.test_update_loses_nothing, test_disturbance.test_pod_is_replaced),
)
def test_kubernetes_is_understood(phase: Phase, deployment: Deployment) -> str:
    """You understand: pods, deployments, services"""
    update = read_traffic(phase.state, "rolling-update")
    deletion = read_traffic(phase.state, "pod-deletion")
    strategy = deployment.object["spec"].get("strategy") or {}
    surge = (strategy.get("rollingUpdate") or {}).get("maxSurge")  # a percentage is text
    is_right = dict.fromkeys(QUESTIONS, not_yet("delete a pod first: lesson 1, “Delete a pod”"))
    is_right |= dict.fromkeys(
        ("most-pods", "old-replicas"),
        not_yet("update the API first: lesson 1, “Update it while people use it”"),
    )
    if update and isinstance(surge, int):
        is_right["most-pods"] = is_near(len(update.before.pods) + surge, within=0)
    if old := deployment.replica_sets()[:-1]:
        is_right["old-replicas"] = is_one_of({str(each["spec"]["replicas"]) for each in old})
    if deletion:
        new = deletion.after.pods.keys() - deletion.before.pods.keys()
        is_right |= {
            "replaced-by": is_one_of({deletion.after.pods[pod] for pod in new}),
            "endpoint-before": is_one_of(deletion.before.endpoints),
            "endpoint-after": is_one_of(deletion.after.endpoints),
        }
    return understood(phase, QUESTIONS, is_right)

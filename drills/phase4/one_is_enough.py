"""An autoscaler that is content with one pod."""

from checks.phase4.test_replicas import test_replicas_run
from workbook.drills.drill import Drill, System
from workbook.drills.objects import change, cluster_of, deployment_of, kubectl, put_back, wait_until

PATCH = [{"op": "replace", "path": "/spec/minReplicas", "value": 1}]


def break_it(system: System) -> None:
    change(system, "hpa", PATCH)
    kubectl(cluster_of(system), "scale", "deployment/ml-api", "--replicas=1")
    wait_until(deployment_of(system).pods, lambda pods: len(pods) == 1)


def fix(system: System) -> None:
    put_back(system, "hpa")
    wait_until(deployment_of(system).pods, lambda pods: len(pods) >= 2)


DRILL = Drill(
    title="At night nobody asks, so somebody saved a pod.",
    turns_red=test_replicas_run,
    hints=(
        "It answers. What would happen if its node died now?",
        "kubectl --namespace ml-demo get hpa,deployment",
        "Two settings say how many: the autoscaler's least, and what the Deployment has now.",
    ),
    way_back=(
        "Ask for two at least, as has been done now; the autoscaler adds the second within "
        "15 seconds.\n"
        '  eval "$(./workbook env)"\n'
        '  kubectl --namespace ml-demo patch hpa ml-api --patch \'{"spec": {"minReplicas": '
        "2}}'"
    ),
    break_it=break_it,
    fix=fix,
)

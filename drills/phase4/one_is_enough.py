"""An autoscaler that is content with one pod."""

from checks.phase4.test_replicas import test_replicas_run
from workbook.drills.drill import System
from workbook.drills.factories import patch_drill
from workbook.drills.objects import cluster_of, deployment_of, kubectl, wait_until


def scale_down(system: System) -> None:
    kubectl(cluster_of(system), "scale", "deployment/ml-api", "--replicas=1")
    wait_until(deployment_of(system).pods, lambda pods: len(pods) == 1)


def recover(system: System) -> None:
    wait_until(deployment_of(system).pods, lambda pods: len(pods) >= 2)


DRILL = patch_drill(
    "hpa",
    [{"op": "replace", "path": "/spec/minReplicas", "value": 1}],
    title="There is no traffic at night, so a colleague saved a pod.",
    difficulty=1,
    turns_red=test_replicas_run,
    hints=(
        "It answers. What would happen if its node died now?",
        "kubectl --namespace ml-demo get hpa,deployment",
        "Two numbers matter: the autoscaler's minimum, and the Deployment's replicas.",
    ),
    way_back=(
        "Ask for two at least. The autoscaler adds the second within "
        "15 seconds.\n"
        '  eval "$(./workbook env)"\n'
        '  kubectl --namespace ml-demo patch hpa ml-api --patch \'{"spec": {"minReplicas": '
        "2}}'"
    ),
    shows=scale_down,
    recovers=recover,
)

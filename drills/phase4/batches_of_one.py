"""Batches that hold one text each."""

from checks.phase4.test_settings import test_requests_are_batched
from drills.objects import change, cluster_of, put_back, wait_for_rollout
from workbook.drill import Drill, System

ONE = {"name": "SENTIMENT_BATCH_TEXTS", "value": "1"}
PATCH = [{"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": ONE}]


def break_it(system: System) -> None:
    change(system, "deployment", PATCH)
    wait_for_rollout(cluster_of(system))


def fix(system: System) -> None:
    put_back(system, "deployment")


DRILL = Drill(
    title="To find an error, somebody turned batches off. The error is found.",
    turns_red=test_requests_are_batched,
    hints=(
        "All answers are right. What do they cost?",
        "Settings come from two places in deployment.yaml. Which one wins?",
        "kubectl --namespace ml-demo exec deployment/ml-api -- env | grep BATCH",
    ),
    way_back=(
        "Take the variable out of the Deployment, as has been done now:\n"
        '  eval "$(./workbook env)"\n'
        "  kubectl kustomize phases/phase4/k8s/local | kubectl diff --filename -"
    ),
    break_it=break_it,
    fix=fix,
)

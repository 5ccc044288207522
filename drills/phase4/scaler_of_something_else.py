"""An autoscaler of a Deployment that is not there."""

from checks.phase4.test_replicas import test_autoscaler_reads_cpu
from drills.phase4._scaler import wait_for_scaler
from workbook.drills.drill import System
from workbook.drills.factories import patch_drill


def wait(system: System) -> None:
    wait_for_scaler(system, "AbleToScale", "False")


def recover(system: System) -> None:
    wait_for_scaler(system, "AbleToScale", "True")
    wait_for_scaler(system, "ScalingActive", "True")


DRILL = patch_drill(
    "hpa",
    [{"op": "replace", "path": "/spec/scaleTargetRef/name", "value": "sentiment-api"}],
    title="The Deployment will get a new name. The autoscaler got it first.",
    difficulty=1,
    turns_red=test_autoscaler_reads_cpu,
    hints=(
        "Two pods run, whatever the load. What decides their number?",
        "kubectl --namespace ml-demo describe hpa ml-api: read the conditions",
        "It scales what scaleTargetRef names. Is there such a Deployment?",
    ),
    way_back=(
        "Name the Deployment that exists:\n"
        '  eval "$(./workbook env)"\n'
        '  kubectl --namespace ml-demo patch hpa ml-api --patch \'{"spec": '
        '{"scaleTargetRef": {"name": "ml-api"}}}\''
    ),
    shows=wait,
    recovers=recover,
)

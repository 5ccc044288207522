"""An autoscaler whose most is its least."""

from checks.phase4.test_replicas import test_autoscaler_scales
from workbook.drills.factories import patch_drill

DRILL = patch_drill(
    "hpa",
    [{"op": "replace", "path": "/spec/maxReplicas", "value": 2}],
    title="The bill was too high, so the autoscaler was “limited for now”.",
    turns_red=test_autoscaler_scales,
    hints=(
        "The autoscaler reads the CPU, and may do nothing about it.",
        "kubectl --namespace ml-demo get hpa: MINPODS and MAXPODS",
        "ScalingLimited is a condition of it.",
    ),
    way_back=(
        "Give it room, as has been done now:\n"
        '  eval "$(./workbook env)"\n'
        '  kubectl --namespace ml-demo patch hpa ml-api --patch \'{"spec": {"maxReplicas": '
        "5}}'"
    ),
)

"""An autoscaler whose most is its least."""

from checks.phase4.test_replicas import test_autoscaler_scales
from workbook.drills.factories import patch_drill

DRILL = patch_drill(
    "hpa",
    [{"op": "replace", "path": "/spec/maxReplicas", "value": 2}],
    title="The bill was too high, so the autoscaler was “limited for now”.",
    difficulty=1,
    turns_red=test_autoscaler_scales,
    hints=(
        "The autoscaler reads the CPU, but may not add a pod.",
        "kubectl --namespace ml-demo get hpa: MINPODS and MAXPODS",
        "Look at its condition ScalingLimited.",
    ),
    way_back=(
        "Allow more pods:\n"
        '  eval "$(./workbook env)"\n'
        '  kubectl --namespace ml-demo patch hpa ml-api --patch \'{"spec": {"maxReplicas": '
        "5}}'"
    ),
)

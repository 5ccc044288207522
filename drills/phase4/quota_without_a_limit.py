"""A quota that refuses nothing."""

from checks.phase4.test_settings import test_quota_refuses
from workbook.drills.factories import patch_drill

DRILL = patch_drill(
    "resourcequota",
    [{"op": "replace", "path": "/spec/hard/requests.cpu", "value": "1000"}],
    title="“The quota was always in the way.”",
    difficulty=2,
    turns_red=test_quota_refuses,
    hints=(
        "Everything runs. What would run that should not?",
        "kubectl --namespace ml-demo describe resourcequotas,limitranges",
        "A limit far above all use limits nothing.",
    ),
    way_back=(
        "Set limits near what the namespace really uses:\n"
        '  eval "$(./workbook env)"\n'
        "  kubectl diff --kustomize phases/phase4/k8s/local"
    ),
    name="ml-demo",
)

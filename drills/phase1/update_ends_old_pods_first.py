"""An update that ends the old pods before it starts new ones."""

from checks.phase1.test_disturbance import test_update_loses_nothing
from workbook.drills.factories import patch_drill
from workbook.drills.objects import deploy_again

DRILL = patch_drill(
    "deployment",
    [{"op": "replace", "path": "/spec/strategy", "value": {"type": "Recreate"}}],
    title="The quota was tight during an update, and a colleague found a strategy that needs less.",
    difficulty=1,
    turns_red=test_update_loses_nothing,
    hints=(
        "Nothing is wrong at the moment. What would the next update do?",
        "kubectl --namespace ml-demo get deployment ml-api --output yaml: look for `strategy`",
        "Recreate: all pods end, then new ones start. In between, no pod answers.",
    ),
    way_back=("Use a rolling update with no pod unavailable:\n" + deploy_again(1)),
)

"""A route to the history of predictions."""

from checks.phase4.test_gateway import test_history_is_not_public
from workbook.drills.factories import patch_drill

DRILL = patch_drill(
    "httproute",
    [
        {
            "op": "add",
            "path": "/spec/rules/0/matches/-",
            "value": {"path": {"type": "Exact", "value": "/predictions"}},
        }
    ],
    title="“The dashboard needs the history. I have made it reachable from everywhere.”",
    difficulty=1,
    turns_red=test_history_is_not_public,
    hints=(
        "Which requests does the gateway let in? Who may send them?",
        "kubectl --namespace ml-demo describe httproute ml-api: read the matches",
        "GET /predictions shows when people asked, and a hash of each text.",
    ),
    way_back=(
        "Remove the match. A dashboard inside the cluster asks the "
        "Service.\n"
        '  eval "$(./workbook env)"\n'
        "  kubectl diff --kustomize phases/phase4/k8s/local"
    ),
)

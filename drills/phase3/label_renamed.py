"""An API that the database's rule does not know any more."""

from checks.phase2.test_database import test_log_reaches_database
from checks.phase3.test_infrastructure import test_private_path_works
from drills.phase3._infrastructure import server_of
from workbook.drills.drill import System
from workbook.drills.factories import patch_drill
from workbook.drills.objects import Patch, deploy_again, wait_for_new_pods

LABEL = "/spec/template/metadata/labels/app.kubernetes.io~1component"


def renamed(system: System) -> Patch:
    server_of(system)
    return [{"op": "replace", "path": LABEL, "value": "web"}]


DRILL = patch_drill(
    "deployment",
    renamed,
    title="“`api` says so little. All our Deployments call this component `web` now.”",
    difficulty=3,
    turns_red=test_private_path_works,
    hints=(
        "Predictions are answered, but rows wait. What has changed for the database: the server, "
        "the password, or the client?",
        "The rule knows pods by their labels: kubectl --namespace ml-data describe networkpolicies",
        "kubectl --namespace ml-demo get pods --show-labels",
    ),
    way_back=(
        "Give the pods their label back. Or first write the new label into the\n"
        "code of the rule and apply, then rename. The waiting rows are written when both agree.\n"
        + deploy_again(3)
    ),
    shows=wait_for_new_pods,
    targets=("local",),
    also=(test_log_reaches_database,),
)

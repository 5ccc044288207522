"""An API that the database's rule does not know any more."""

from checks.phase3.test_infrastructure import test_private_path_works
from drills.phase3._infrastructure import server_of
from workbook.drills.drill import Drill, System
from workbook.drills.objects import change, cluster_of, deploy_again, put_back, wait_for_rollout

LABEL = "/spec/template/metadata/labels/app.kubernetes.io~1component"


def break_it(system: System) -> None:
    server_of(system)
    change(system, "deployment", [{"op": "replace", "path": LABEL, "value": "web"}])
    wait_for_rollout(cluster_of(system))


def fix(system: System) -> None:
    put_back(system, "deployment")


DRILL = Drill(
    title="“`api` says so little. All our Deployments call this component `web` now.”",
    turns_red=test_private_path_works,
    hints=(
        "Predictions are answered, and rows wait. What has changed for the database: the server, "
        "the password, or who comes?",
        "The rule knows pods by their labels: kubectl --namespace ml-data describe networkpolicies",
        "kubectl --namespace ml-demo get pods --show-labels",
    ),
    way_back=(
        "Give the pods their label back, as has been done now; or write the new one into the code\n"
        "of the rule first, apply, and rename then. What waited is written as soon as it fits.\n"
        + deploy_again(3)
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

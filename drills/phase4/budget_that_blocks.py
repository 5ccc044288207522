"""A budget that lets no pod go."""

from collections.abc import Callable

from checks.phase4.test_replicas import test_one_may_go
from workbook.drills.drill import System
from workbook.drills.factories import patch_drill
from workbook.drills.objects import cluster_of, wait_until


def wait_for(allowed: int) -> Callable[[System], None]:
    def wait(system: System) -> None:
        cluster = cluster_of(system)
        wait_until(
            lambda: cluster.get_one("poddisruptionbudgets", "ml-api") or {"status": {}},
            lambda budget: budget["status"].get("disruptionsAllowed") == allowed,
        )

    return wait


DRILL = patch_drill(
    "poddisruptionbudget",
    [{"op": "replace", "path": "/spec/maxUnavailable", "value": 0}],
    title="“Our service must never lose a pod.” Since then, the cluster's upgrade hangs.",
    difficulty=1,
    turns_red=test_one_may_go,
    hints=(
        "Nothing fails until the node is drained.",
        "kubectl drain workbook-control-plane --ignore-daemonsets --delete-emptydir-data "
        "--dry-run=server",
        "kubectl --namespace ml-demo get poddisruptionbudgets: ALLOWED DISRUPTIONS",
    ),
    way_back=(
        "Allow one pod to be evicted at a time; the second pod answers meanwhile.\n"
        '  eval "$(./workbook env)"\n'
        '  kubectl --namespace ml-demo patch poddisruptionbudget ml-api --patch \'{"spec": '
        '{"maxUnavailable": 1}}\''
    ),
    shows=wait_for(0),
    recovers=wait_for(1),
)

"""A budget that lets no pod go."""

from checks.phase4.test_replicas import test_one_may_go
from workbook.drills.drill import Drill, System
from workbook.drills.objects import change, cluster_of, put_back, wait_until

PATCH = [{"op": "replace", "path": "/spec/maxUnavailable", "value": 0}]


def break_it(system: System) -> None:
    change(system, "poddisruptionbudget", PATCH)
    _wait(system, 0)


def fix(system: System) -> None:
    put_back(system, "poddisruptionbudget")
    _wait(system, 1)


def _wait(system: System, allowed: int) -> None:
    cluster = cluster_of(system)
    wait_until(
        lambda: cluster.get_one("poddisruptionbudgets", "ml-api") or {"status": {}},
        lambda budget: budget["status"].get("disruptionsAllowed") == allowed,
    )


DRILL = Drill(
    title="“Our service must never lose a pod.” Since then, the cluster's upgrade hangs.",
    turns_red=test_one_may_go,
    hints=(
        "Nothing is wrong until somebody empties the node.",
        "kubectl drain workbook-control-plane --ignore-daemonsets --delete-emptydir-data "
        "--dry-run=server",
        "kubectl --namespace ml-demo get poddisruptionbudgets: ALLOWED DISRUPTIONS",
    ),
    way_back=(
        "Let one go at a time, as has been done now: that is what the second pod is for.\n"
        '  eval "$(./workbook env)"\n'
        '  kubectl --namespace ml-demo patch poddisruptionbudget ml-api --patch \'{"spec": '
        '{"maxUnavailable": 1}}\''
    ),
    break_it=break_it,
    fix=fix,
)

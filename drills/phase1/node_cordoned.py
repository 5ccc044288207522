"""A node that takes no new pods."""

from checks.phase1.test_cluster import test_node_is_ready
from workbook.drills.drill import Drill, NothingToBreak, System
from workbook.drills.objects import cluster_of, goto, kubectl


def break_it(system: System) -> None:
    cluster = cluster_of(system)
    node = cluster.get("nodes")[0]
    if node["spec"].get("unschedulable"):
        raise NothingToBreak("The node is cordoned already.", goto(system))
    kubectl(cluster, "cordon", node["metadata"]["name"])


def fix(system: System) -> None:
    cluster = cluster_of(system)
    kubectl(cluster, "uncordon", cluster.get("nodes")[0]["metadata"]["name"])


DRILL = Drill(
    title="There was maintenance last night, and it ended early.",
    difficulty=1,
    turns_red=test_node_is_ready,
    hints=(
        "The running pods go on. What happens to a new pod?",
        "kubectl get nodes: what does it say next to Ready?",
        "A cordoned node takes no new pods until it is uncordoned.",
    ),
    way_back=(
        "Open the node for new pods:\n"
        '  eval "$(./workbook env)"; kubectl uncordon workbook-control-plane'
    ),
    break_it=break_it,
    fix=fix,
)

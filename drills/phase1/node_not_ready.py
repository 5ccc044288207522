"""A node whose agent has stopped."""

from checks.phase1.test_cluster import test_node_is_ready
from workbook.drills.drill import Drill, System
from workbook.drills.objects import cluster_of, wait_for_rollout, wait_until
from workbook.targets.kubernetes import Kubernetes
from workbook.targets.local.cluster import NODE
from workbook.targets.local.engine import find_engine


def break_it(system: System) -> None:
    cluster = cluster_of(system)
    _signal(system, "STOP")
    wait_until(lambda: _is_ready(cluster), lambda ready: not ready)


def fix(system: System) -> None:
    _signal(system, "CONT")
    cluster = cluster_of(system)
    wait_until(lambda: _is_ready(cluster), bool)
    wait_for_rollout(cluster)  # the pods were taken for not Ready, too


def _signal(system: System, signal: str) -> None:
    """Stop the kubelet, or let it go on; the container of the node stays."""
    engine = find_engine(system.phase.root)
    engine.run("exec", NODE, "pkill", f"-{signal}", "--exact", "kubelet")


def _is_ready(cluster: Kubernetes) -> bool:
    conditions = cluster.get("nodes")[0]["status"]["conditions"]
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


DRILL = Drill(
    title="The node was reported to be in good health. That was a while ago.",
    difficulty=3,
    turns_red=test_node_is_ready,
    hints=(
        "kubectl get nodes: what is its status, and who reports it?",
        "kubectl describe node: read the conditions, and the time of the last heartbeat",
        "The kubelet is the node's agent. Is it running? docker exec workbook-control-plane ps aux",
    ),
    way_back=(
        "Let the kubelet go on. By hand:\n"
        '  eval "$(./workbook env)"; docker exec workbook-control-plane pkill -CONT kubelet\n'
        "On Azure, a node that stays NotReady is reimaged or replaced, not repaired."
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

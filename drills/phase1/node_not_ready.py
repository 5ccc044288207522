"""A node whose agent has stopped."""

import subprocess

from checks.phase1.test_cluster import test_node_is_ready
from drills.phase1._objects import SECONDS_TO_SHOW, cluster_of, wait_for_rollout
from workbook.drill import Drill, NothingToBreak, System
from workbook.environment import lesson_environment
from workbook.errors import WorkbookError
from workbook.kubernetes import Kubernetes, eventually
from workbook.local.cluster import NODE


def break_it(system: System) -> None:
    if system.choices.target != "local":
        raise NothingToBreak("On Azure, the nodes are Azure's: this drill is for the target local.")
    cluster = cluster_of(system)
    _signal(system, "STOP")
    eventually(lambda: _is_ready(cluster), lambda ready: not ready, SECONDS_TO_SHOW)


def fix(system: System) -> None:
    _signal(system, "CONT")
    cluster = cluster_of(system)
    eventually(lambda: _is_ready(cluster), bool, SECONDS_TO_SHOW)
    wait_for_rollout(cluster)  # the pods were taken for not Ready, too


def _signal(system: System, signal: str) -> None:
    """Stop the kubelet, or let it go on; the container of the node stays."""
    done = subprocess.run(
        ["docker", "exec", NODE, "pkill", f"-{signal}", "--exact", "kubelet"],
        env=lesson_environment(system.phase.root, system.choices),
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise WorkbookError(f"The kubelet cannot be reached: {done.stderr.strip()}")


def _is_ready(cluster: Kubernetes) -> bool:
    conditions = cluster.get("nodes")[0]["status"]["conditions"]
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


DRILL = Drill(
    title="The node was reported to be in good health. That was a while ago.",
    turns_red=test_node_is_ready,
    hints=(
        "kubectl get nodes: what is its status, and who reports it?",
        "kubectl describe node: read the conditions, and when each was heard of the last time",
        "The kubelet is the node's agent. Is it at work? docker exec workbook-control-plane ps aux",
    ),
    way_back=(
        "Let the kubelet go on, as has been done now. By hand:\n"
        '  eval "$(./workbook env)"; docker exec workbook-control-plane pkill -CONT kubelet\n'
        "On Azure, a node that stays NotReady is reimaged or replaced, not repaired."
    ),
    break_it=break_it,
    fix=fix,
)

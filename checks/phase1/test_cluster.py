"""The cluster of phase 1: ours, reachable, with a node that takes pods."""

from workbook.checks.check import check
from workbook.outcome import Wrong
from workbook.targets.kubernetes import Kubernetes

UNREPORTED = {"status": "Unknown", "message": "the kubelet has not reported yet"}


@check(read="phases/phase1/README.md#get-a-cluster")
def test_node_is_ready(cluster: Kubernetes) -> str:
    """Cluster is running, and its node is Ready"""
    nodes = cluster.get("nodes")
    if not nodes:
        raise Wrong(
            expected="a node",
            found="none",
            why="the node was deleted, or has never reported to the API server",
            run_next="./workbook down && ./workbook up",
        )
    for node in nodes:
        name = node["metadata"]["name"]
        conditions = node["status"].get("conditions", [])
        ready = next((c for c in conditions if c["type"] == "Ready"), UNREPORTED)
        if ready["status"] != "True":
            raise Wrong(
                expected=f"the node {name} to be Ready",
                found=f"Ready is {ready['status']}: {ready['message']}",
                why="the kubelet, the node's agent, does not report: it is stopped, or the node "
                "is. The containers may still run, but their pods count as not ready, so no "
                "Service sends them requests",
                run_next=f"kubectl describe node {name}",
            )
        if node["spec"].get("unschedulable"):
            raise Wrong(
                expected=f"the node {name} to take new pods",
                found=f"{name}: Ready,SchedulingDisabled",
                why="the node was cordoned: closed to new pods, as before maintenance. The "
                "running pods go on; a new pod waits for ever",
                run_next=f"kubectl uncordon {name}",
            )
    version = nodes[0]["status"]["nodeInfo"]["kubeletVersion"]
    return f"{len(nodes)} node, Kubernetes {version}" if len(nodes) == 1 else f"{len(nodes)} nodes"

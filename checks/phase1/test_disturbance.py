"""What phase 1 survives: a deleted pod, an update. The lesson did both; this looks at what is left.

With --active, both are done again.
"""

from checks.phase1 import test_pod
from checks.phase1.deployment import SELECTOR, Deployment, name, owner, uid
from workbook.check import NotStarted, Wrong, check
from workbook.kubernetes import APP, Kubernetes
from workbook.phase import Phase
from workbook.traffic import Traffic, read_traffic, under_traffic

LESSON = "phases/phase1/README.md"


@check(read=f"{LESSON}#update-it-and-lose-no-request", after=test_pod.test_pod_is_ready)
def test_update_loses_nothing(
    phase: Phase, cluster: Kubernetes, deployment: Deployment, address: str, active: bool
) -> str:
    """A rolling update loses no request"""
    if active:
        restart = " ".join(cluster.command("rollout", "restart", f"deployment/{APP}"))
        wait = " ".join(cluster.command("rollout", "status", f"deployment/{APP}", "--timeout=120s"))
        traffic = _repeated(cluster, address, ["sh", "-c", f"{restart} && {wait}"])
    else:
        traffic = _recorded(phase, deployment, "rolling-update", "update the API")
    _refuse_failures(traffic)
    strategy = deployment.found["spec"]["strategy"]
    rolling = strategy.get("rollingUpdate", {})
    if strategy["type"] != "RollingUpdate" or rolling.get("maxUnavailable") not in (0, "0%"):
        raise Wrong(
            expected="the strategy RollingUpdate with maxUnavailable 0",
            found=f"{strategy['type']} {rolling or ''}".strip(),
            why="the next update would end the old pod before the new one can answer",
            run_next="git diff phases/phase1/k8s; then deploy again, as the lesson does",
        )
    if len(deployment.replica_sets()) < 2:
        raise NotStarted("update the API in the lesson: this Deployment has had one version")
    return traffic.summary()


@check(read=f"{LESSON}#delete-a-pod", after=test_pod.test_pod_is_ready)
def test_pod_is_replaced(
    phase: Phase, cluster: Kubernetes, deployment: Deployment, address: str, active: bool
) -> str:
    """A deleted pod is replaced, and the address goes on answering"""
    if active:
        delete = cluster.command("delete", "pod", f"--selector={SELECTOR}")
        traffic = _repeated(cluster, address, delete)
    else:
        traffic = _recorded(phase, deployment, "pod-deletion", "delete the pod")
    _refuse_failures(traffic)
    keepers = {uid(item) for item in deployment.replica_sets()}
    for pod in cluster.get("pods", SELECTOR):
        if owner(pod) not in keepers:
            raise Wrong(
                expected=f"every pod behind the Service to be kept by a ReplicaSet of {APP}",
                found=f"{name(pod)} has the app's labels and nothing that keeps it",
                why="the Service sends it requests like the others, and when it ends nobody "
                "replaces it; nor does an update reach it",
                run_next=f"kubectl --namespace ml-demo get pods --show-labels; then, if it is "
                f"nobody's: kubectl --namespace ml-demo delete pod {name(pod)}",
            )
    for pod in deployment.pods():
        if pod["metadata"]["creationTimestamp"] < traffic.started:
            raise NotStarted("delete the pod in the lesson: this one is older than your recording")
    return traffic.summary()


def _repeated(cluster: Kubernetes, address: str, command: list[str]) -> Traffic:
    """Do again what the lesson did; its own recording stays."""
    print(f"\n   --active: requests meanwhile, and {' '.join(command)[-80:]}", flush=True)
    return under_traffic(address, command, cluster.facts)


def _recorded(phase: Phase, deployment: Deployment, recording: str, task: str) -> Traffic:
    traffic = read_traffic(phase.state, recording)
    if traffic is None or traffic.started < deployment.made:
        raise NotStarted(f"{task} in the lesson, where requests are sent and recorded meanwhile")
    return traffic


def _refuse_failures(traffic: Traffic) -> None:
    if traffic.status != 0 or traffic.failed:
        problem = f"the command ended with status {traffic.status}; " if traffic.status else ""
        raise Wrong(
            expected="no failed request",
            found=problem + traffic.summary(),
            why="a pod was gone before another could answer, or ended with requests in flight",
            run_next="./workbook check 1 --active",
        )

"""What phase 1 survives: a deleted pod, an update. The lesson did both; this looks at what is left.

With --active, both are done again.
"""

import shlex

from checks.phase1 import test_pod
from workbook.checks.check import check
from workbook.checks.deployment import SELECTOR, Deployment
from workbook.checks.recordings import refuse_other_system
from workbook.course.phase import Phase
from workbook.measure.traffic import Traffic, read_traffic, under_traffic
from workbook.outcome import NotStarted, Wrong
from workbook.targets.kubernetes import APP, Kubernetes, name_of, owner_of, uid_of

LESSON = "phases/phase1/README.md"


@check(read=f"{LESSON}#update-it-while-people-use-it", after=test_pod.test_pod_is_ready)
def test_update_loses_nothing(
    phase: Phase,
    current: Phase,
    cluster: Kubernetes,
    deployment: Deployment,
    address: str,
    active: bool,
) -> str:
    """A rolling update loses no request"""
    if active:
        old = [f"pod/{name_of(pod)}" for pod in deployment.pods()]
        steps = (
            ("rollout", "restart", f"deployment/{APP}"),
            ("rollout", "status", f"deployment/{APP}", "--timeout=120s"),
            ("wait", "--for=delete", *old, "--timeout=60s"),
        )
        commands = " && ".join(shlex.join(cluster.command(*step)) for step in steps)
        traffic = _repeated(cluster, address, "an update", ["sh", "-c", commands])
    else:
        traffic = _recorded(phase, current, deployment, "rolling-update", "update the API")
    _refuse_failures(traffic, "update the API")
    strategy = deployment.object["spec"]["strategy"]
    rolling = strategy.get("rollingUpdate", {})
    if strategy["type"] != "RollingUpdate" or rolling.get("maxUnavailable") not in (0, "0%"):
        raise Wrong(
            expected="the strategy RollingUpdate with maxUnavailable 0",
            found=f"{strategy['type']} {rolling or ''}".strip(),
            why="the next update may end an old pod before a new one can answer",
            run_next="kubectl diff --kustomize phases/phase1/k8s/local",
        )
    if len(deployment.replica_sets()) < 2:
        raise NotStarted("update the API in the lesson: this Deployment has had one version")
    return traffic.summary()


@check(read=f"{LESSON}#delete-a-pod", after=test_pod.test_pod_is_ready)
def test_pod_is_replaced(
    phase: Phase,
    current: Phase,
    cluster: Kubernetes,
    deployment: Deployment,
    address: str,
    active: bool,
) -> str:
    """A deleted pod is replaced, and the address goes on answering"""
    if active:
        delete = cluster.command("delete", "pod", f"--selector={SELECTOR}")
        traffic = _repeated(cluster, address, "a deleted pod", delete)
    else:
        traffic = _recorded(phase, current, deployment, "pod-deletion", "delete the pod")
    _refuse_failures(traffic, "delete the pod")
    keepers = {uid_of(item) for item in deployment.replica_sets()}
    for pod in cluster.get("pods", SELECTOR):
        if owner_of(pod)["uid"] not in keepers:
            raise Wrong(
                expected=f"every pod behind the Service to be kept by a ReplicaSet of {APP}",
                found=f"{name_of(pod)}, kept by {owner_of(pod)['name'] or 'nothing'}",
                why="this pod has the app's labels, so the Service sends it requests, too. But "
                "when it ends, no controller replaces it, and no update reaches it",
                run_next="kubectl --namespace ml-demo get pods --show-labels; then, if it is not "
                f"needed: kubectl --namespace ml-demo delete pod {name_of(pod)}",
            )
    for pod in deployment.pods():
        if pod["metadata"]["creationTimestamp"] < traffic.started:
            raise NotStarted("delete the pod in the lesson: this one is older than your recording")
    return traffic.summary()


def _repeated(cluster: Kubernetes, address: str, what: str, command: list[str]) -> Traffic:
    """Do again what the lesson did; its own recording stays."""
    print(f"\n   --active: {what}, with requests meanwhile …", flush=True)
    return under_traffic("active", address, command, cluster.facts)


def _recorded(
    phase: Phase, current: Phase, deployment: Deployment, recording: str, task: str
) -> Traffic:
    traffic = read_traffic(phase.state, recording)
    if traffic is None:
        raise NotStarted(f"{task} in the lesson, where requests are sent and recorded meanwhile")
    refuse_other_system(traffic, phase, current, deployment, f"{task}, as lesson 1 does")
    return traffic


def _refuse_failures(traffic: Traffic, task: str) -> None:
    if traffic.status != 0:
        raise Wrong(
            expected="the command to succeed while requests are sent",
            found=f"it ended with status {traffic.status}; {traffic.summary()}",
            why="Kubernetes did not get there in time; the events of the pods say why",
            run_next="kubectl --namespace ml-demo describe pods --show-events",
        )
    if traffic.failed or not traffic.samples:
        raise Wrong(
            expected="requests without a failure",
            found=traffic.summary(),
            why="a pod was gone before another could answer, or ended with requests in flight",
            run_next=f"./workbook lab 1, and {task} again, with traffic",
        )

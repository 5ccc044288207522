"""The pods of phase 1: running, ready, confined."""

from pathlib import Path

from checks.phase1 import test_registry
from workbook.checks.check import check
from workbook.checks.deployment import (
    STUCK,
    Deployment,
    container_of,
    image_of,
    is_ready,
    stuck,
)
from workbook.checks.inside import ask_each
from workbook.checks.patience import settled
from workbook.outcome import Unknown, Wrong
from workbook.targets.kubernetes import APP, Kubernetes, Object, name_of

HERE = Path(__file__).parent
SECONDS_TO_RUN = 20  # from a cached image
SECONDS_TO_BE_READY = 15
DESCRIBE = "kubectl --namespace ml-demo describe"
ACCOUNT = APP  # the ServiceAccount, which k8s/base/serviceaccount.yaml creates

PROBES = ("readinessProbe", "livenessProbe")


@check(
    read="phases/phase1/README.md#run-it-on-kubernetes",
    after=test_registry.test_image_is_in_registry,
)
def test_pod_is_running(deployment: Deployment) -> str:
    """Pod is in "Running" state"""
    pods = settled(deployment.pods, _is_settled, SECONDS_TO_RUN)
    if not pods:
        keepers = deployment.replica_sets()[-1:]
        none_wanted = deployment.object["spec"].get("replicas") == 0
        raise Wrong(
            expected="a pod for the Deployment's newest version",
            found="\n".join(["none", *map(deployment.evidence, keepers)]).strip(),
            why="the Deployment asks for no pod: replicas is 0"
            if none_wanted
            else "the API server refuses the pod that the ReplicaSet asks for",
            run_next=f"{DESCRIBE} replicasets --show-events",
        )
    for pod in pods:
        reason = stuck(pod)
        if reason or pod["status"]["phase"] != "Running":
            raise Wrong(
                expected=f"{name_of(pod)} to be Running",
                found=f"{reason or pod['status']['phase']}\n{deployment.evidence(pod)}".strip(),
                why=STUCK.get(reason, "it waits for a node, or for the node to start it"),
                run_next=f"{DESCRIBE} pod {name_of(pod)}",
            )
    return ", ".join(name_of(pod) for pod in pods)


def _is_settled(pods: list[Object]) -> bool:
    return bool(pods) and all(stuck(p) or p["status"]["phase"] == "Running" for p in pods)


@check(read="phases/phase1/README.md#run-it-on-kubernetes", after=test_pod_is_running)
def test_pod_is_ready(deployment: Deployment) -> str:
    """Pod is Ready: its probes pass"""
    pods = deployment.pods_when(_are_ready, SECONDS_TO_BE_READY)
    for pod in pods:
        if not is_ready(pod):
            raise Wrong(
                expected=f"{name_of(pod)} to be Ready",
                found=f"Running, but not Ready\n{deployment.evidence(pod)}".strip(),
                why="the container does not pass its probe. Until it does, Kubernetes sends it no "
                "requests",
                run_next=f"{DESCRIBE} pod {name_of(pod)}",
            )
    for pod in pods:
        if missing := [name for name in PROBES if not _asks(pod, name)]:
            raise Wrong(
                expected=f"{name_of(pod)} to be asked by {' and '.join(PROBES)}, by HTTP",
                found=f"it has no such {' and no '.join(missing)}",
                why="without a readiness probe, a pod counts as Ready as soon as it is started; "
                "without a liveness probe, a process that hangs is never started again",
                run_next="kubectl --namespace ml-demo get deployment ml-api --output yaml",
            )
    return f"{len(pods)} ready"


def _asks(pod: Object, probe: str) -> bool:
    """Whether the kubelet asks the API by this probe."""
    return bool(((container_of(pod).get(probe) or {}).get("httpGet") or {}).get("path"))


def _are_ready(pods: list[Object]) -> bool:
    return bool(pods) and all(map(is_ready, pods))


@check(read="phases/phase1/README.md#put-it-into-a-registry", after=test_pod_is_running)
def test_pod_runs_pushed_image(deployment: Deployment) -> str:
    """Pod runs the very image that was pushed"""
    _, at, digest = deployment.image.partition("@")
    if not at:
        raise Wrong(
            expected="the Deployment to name its image by digest: NAME@sha256:…",
            found=deployment.image,
            why="a tag can be moved to another image at any time. Then two pods of one Deployment "
            "could run different code, and you could not see which",
            run_next="export IMAGE as the lesson does under “Put it into a registry”, then deploy "
            "again as under “Run it on Kubernetes”",
        )
    for pod in deployment.pods_when(bool, SECONDS_TO_BE_READY):
        runs = image_of(pod)
        if not runs.endswith(digest):
            raise Wrong(
                expected=f"{name_of(pod)} to run {digest}",
                found=runs,
                why="the node runs another image than the Deployment names",
                run_next="kubectl --namespace ml-demo rollout restart deployment/ml-api",
            )
    return digest[:23]


@check(read="phases/phase1/README.md#what-the-pod-may-do", after=test_pod_is_ready)
def test_pod_is_confined(deployment: Deployment, cluster: Kubernetes) -> str:
    """Pod runs without root and cannot change its own files"""
    pods = deployment.pods_when(bool, SECONDS_TO_BE_READY)
    for pod in pods:
        account = (pod.get("spec") or {}).get("serviceAccountName")
        if account != ACCOUNT:
            raise Wrong(
                expected=f"{name_of(pod)} to run as the ServiceAccount {ACCOUNT}",
                found=f"ServiceAccount {account}",
                why=f"{ACCOUNT} has no rights in the cluster, and on Azure it alone gets the API's "
                "rights. Under another ServiceAccount, the API has every right of that account",
                run_next="kubectl --namespace ml-demo get deployment ml-api --output yaml",
            )
    looks = ask_each(cluster, map(name_of, pods), HERE / "confined.py")
    if not looks:
        raise Unknown("the pods were replaced just now: look again in a moment")
    for name, inside in looks.items():
        faults = [
            (inside["user"] == 0, "the process runs as root (user 0)"),
            (inside["writable"], "its root file system can be written to"),
            (inside["capabilities"], f"it has capabilities: {inside['capabilities']:#x}"),
            (inside["may_gain"], "it may gain rights that it does not have (NoNewPrivs is 0)"),
            (inside["token"], "a key to the API server of Kubernetes is mounted"),
        ]
        if found := [words for is_so, words in faults if is_so]:
            raise Wrong(
                expected=f"{name} to run as a user other than 0, on a read-only root file system, "
                "without capabilities and without a key to Kubernetes",
                found="; ".join(found),
                why="an attacker who finds a hole in the API has what the process has: the "
                "program and the model could be changed, or the cluster asked",
                run_next="kubectl --namespace ml-demo get deployment ml-api --output yaml",
            )
    users = ", ".join(sorted({f"{inside['user']}" for inside in looks.values()}))
    return f"user {users}, read-only, no capabilities, in each of {len(looks)}"

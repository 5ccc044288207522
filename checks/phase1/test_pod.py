"""The pods of phase 1: running, ready, confined."""

import json

from checks.phase1 import test_registry
from workbook.checks.check import check
from workbook.checks.deployment import STUCK, Deployment, image_of, is_ready, stuck
from workbook.outcome import Wrong
from workbook.targets.kubernetes import APP, Kubernetes, Object, eventually, name_of

SECONDS_TO_RUN = 20  # from a cached image
SECONDS_TO_BE_READY = 15
DESCRIBE = "kubectl --namespace ml-demo describe"

LOOK_INSIDE = """
import json, os, re
print(json.dumps({
    "user": os.stat("/proc/1").st_uid,
    "writable": not os.statvfs("/").f_flag & os.ST_RDONLY,
    "capabilities": int(re.search(r"CapEff:\\s*(\\w+)", open("/proc/1/status").read())[1], 16),
}))
"""


@check(
    read="phases/phase1/README.md#run-it-on-kubernetes",
    after=test_registry.test_image_is_in_registry,
)
def test_pod_is_running(deployment: Deployment) -> str:
    """Pod is in "Running" state"""
    pods = eventually(deployment.pods, _is_settled, SECONDS_TO_RUN)
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
    pods = eventually(deployment.pods, _are_ready, SECONDS_TO_BE_READY)
    for pod in pods:
        if not is_ready(pod):
            raise Wrong(
                expected=f"{name_of(pod)} to be Ready",
                found=f"Running, but not Ready\n{deployment.evidence(pod)}".strip(),
                why="Kubernetes asks the container whether it works, and gets no good answer; "
                "until then it sends it no request",
                run_next=f"{DESCRIBE} pod {name_of(pod)}",
            )
    return f"{len(pods)} ready"


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
            why="a tag can be moved to another image at any time: two pods of one Deployment could "
            "run different code, and nobody could say which",
            run_next="export IMAGE as the lesson does under “Put it into a registry”, then deploy "
            "again as under “Run it on Kubernetes”",
        )
    for pod in deployment.pods():
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
    pod = next(map(name_of, deployment.pods()), f"deployment/{APP}")
    done = cluster.run("exec", pod, "--", "python", "-c", LOOK_INSIDE)
    if done.returncode != 0:
        raise Wrong(
            expected=f"Python to run in {pod}",
            found=done.stderr.strip(),
            why="the check looks at the process from inside the container",
            run_next=f"kubectl --namespace ml-demo exec {pod} -- python --version",
        )
    inside = json.loads(done.stdout)
    faults = [
        (inside["user"] == 0, "the process runs as root (user 0)"),
        (inside["writable"], "its root file system can be written to"),
        (inside["capabilities"], f"it has capabilities: {inside['capabilities']:#x}"),
    ]
    if found := [words for is_so, words in faults if is_so]:
        raise Wrong(
            expected="a numeric user other than 0, a read-only root file system, no capabilities",
            found="; ".join(found),
            why="whoever finds a hole in the API could then change the program or the model that "
            "everybody is answered with",
            run_next="kubectl --namespace ml-demo get deployment ml-api --output yaml",
        )
    return f"user {inside['user']}, read-only, no capabilities"

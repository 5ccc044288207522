"""Wrong systems that the checks of phase 1 must see: the pod, and what keeps it."""

from collections.abc import Callable
from typing import Any

from checks.phase1 import test_pod
from drills.phase4._scaler import settle
from workbook.drills.drill import System
from workbook.drills.images import tagged
from workbook.drills.impostor import Impostor
from workbook.drills.objects import (
    CONTAINER,
    Patch,
    change,
    cluster_of,
    deployment_of,
    kubectl,
    put_back,
    wait_until,
)
from workbook.targets.kubernetes import APP


def changed(
    title: str, turns_red: Callable[..., Any], patch: Callable[[System], Patch]
) -> Impostor:
    """A Deployment whose pods are otherwise than the lesson's."""

    def make(system: System) -> None:
        change(system, "deployment", patch(system))
        settle(system)

    def undo(system: System) -> None:
        put_back(system, "deployment")
        settle(system)

    return Impostor(title, turns_red, make, undo)


def _replace(path: str, value: object) -> Patch:
    return [{"op": "replace", "path": path, "value": value}]


def _scale(system: System, replicas: int) -> None:
    kubectl(cluster_of(system), "scale", f"deployment/{APP}", f"--replicas={replicas}")
    wait_until(deployment_of(system).pods, lambda pods: len(pods) == replicas)


def _scale_back(system: System) -> None:
    _scale(system, 2)
    settle(system)


IMPOSTORS = {
    "no-pod": Impostor(
        "The Deployment was scaled to 0",
        test_pod.test_pod_is_running,
        make=lambda system: _scale(system, 0),
        undo=_scale_back,
    ),
    "image-by-tag": changed(
        "The image is named by a tag",
        test_pod.test_pod_runs_pushed_image,
        lambda system: _replace(f"{CONTAINER}/image", tagged(system, "impostor-tag")),
    ),
    "no-probes": changed(
        "The kubelet asks nothing",
        test_pod.test_pod_is_ready,
        lambda system: [
            {"op": "remove", "path": f"{CONTAINER}/{probe}"}
            for probe in ("startupProbe", "readinessProbe", "livenessProbe")
        ],
    ),
    "token-mounted": changed(
        "The pods have a key to the API server of Kubernetes",
        test_pod.test_pod_is_confined,
        lambda system: _replace("/spec/template/spec/automountServiceAccountToken", True),
    ),
    "another-account": changed(
        "The pods have another ServiceAccount",
        test_pod.test_pod_is_confined,
        lambda system: _replace("/spec/template/spec/serviceAccountName", "default"),
    ),
    "files-writable": changed(
        "The process may change its own files",
        test_pod.test_pod_is_confined,
        lambda system: _replace(f"{CONTAINER}/securityContext/readOnlyRootFilesystem", False),
    ),
}

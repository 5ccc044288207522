"""What the drills of phase 4 need, and wait for: the autoscaler follows by up to a minute."""

import json

from workbook.drills.drill import NothingToBreak, System
from workbook.drills.objects import cluster_of, deployment_of, wait_for_rollout, wait_until
from workbook.targets.kubernetes import APP, Object, name_of


def need_scaler(system: System) -> None:
    """Refuse where the system is in the state of an earlier phase.

    Raises:
        NothingToBreak: there is no autoscaler.
    """
    if cluster_of(system).get_one("hpa", APP) is None:
        raise NothingToBreak("Phase 4 is not deployed yet.", "./workbook goto 4")


def wait_for_scaler(system: System, condition: str, status: str) -> None:
    """Wait until a condition of the autoscaler has this status."""
    cluster = cluster_of(system)

    def has_it(scaler: Object) -> bool:
        conditions = scaler.get("status", {}).get("conditions") or []
        return (condition, status) in [(each["type"], each["status"]) for each in conditions]

    wait_until(lambda: cluster.get_one("hpa", APP) or {}, has_it)


def settle(system: System) -> None:
    """Wait until the pods of a changed Deployment are there, and their CPU is known."""
    wait_for_rollout(cluster_of(system))
    wait_until_measured(system)


def wait_until_measured(system: System) -> None:
    """Wait until the autoscaler can read the CPU of the pods that are there now."""
    deployment = deployment_of(system)
    path = f"--raw=/apis/metrics.k8s.io/v1beta1/namespaces/{deployment.cluster.namespace}/pods"

    def unmeasured() -> set[str]:
        said = deployment.cluster.run("get", path).stdout
        measured = {name_of(item) for item in json.loads(said or "{}").get("items", [])}
        return set(map(name_of, deployment.pods())) - measured

    wait_until(unmeasured, lambda names: not names)
    wait_for_scaler(system, "ScalingActive", "True")

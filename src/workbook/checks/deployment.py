"""The learner's Deployment, its ReplicaSets and pods, and what is wrong with them in words."""

from collections.abc import Callable
from dataclasses import dataclass

from workbook.checks.patience import settled
from workbook.outcome import Unknown
from workbook.targets.kubernetes import (
    APP,
    Kubernetes,
    Object,
    is_ending,
    name_of,
    owner_of,
    uid_of,
)

SELECTOR = f"app.kubernetes.io/name={APP}"
REVISION = "deployment.kubernetes.io/revision"
# What a container waits for that does not come by waiting, and why. The reasons are the kubelet's.
STUCK = {
    "ErrImagePull": "the node cannot fetch the image: its name or digest is wrong, or the registry "
    "is gone or refuses. On Azure, a new role needs minutes: "
    "docs/azure-refusals.md#imagepullbackoff",
    "InvalidImageName": "the image's name cannot be parsed",
    "CreateContainerConfigError": "the container cannot be set up: its image wants root, or "
    "it names a Secret or ConfigMap that is not there",
    "CreateContainerError": "the container cannot be made from the image",
    "RunContainerError": "the image's command cannot be started",
    "CrashLoopBackOff": "the process ends again and again soon after its start",
    "OOMKilled": "the process needs more memory than its limit, and the kernel ended it",
}
STUCK["ImagePullBackOff"] = STUCK["ErrImagePull"]


@dataclass(frozen=True)
class Deployment:
    """The learner's Deployment."""

    cluster: Kubernetes
    object: Object

    @property
    def image(self) -> str:
        """The image of the API's container in the template; "" if there is no such container."""
        containers = self.object["spec"]["template"]["spec"]["containers"]
        return next((each["image"] for each in containers if each["name"] == APP), "")

    @property
    def container(self) -> Object:
        """The API's container in the template; empty where there is no such container."""
        template = (self.object.get("spec") or {}).get("template") or {}
        containers = (template.get("spec") or {}).get("containers") or []
        return next((each for each in containers if each.get("name") == APP), {})

    @property
    def made(self) -> str:
        """When it was made, as the API server writes times."""
        made: str = self.object["metadata"]["creationTimestamp"]
        return made

    def replica_sets(self) -> list[Object]:
        """Its ReplicaSets, by revision: the last one is current."""
        mine = uid_of(self.object)
        sets = [item for item in self.cluster.get("replicasets") if owner_of(item)["uid"] == mine]
        return sorted(sets, key=lambda item: int(item["metadata"]["annotations"][REVISION]))

    def pods(self) -> list[Object]:
        """The pods of the current ReplicaSet, those that are being deleted left out."""
        current = [uid_of(item) for item in self.replica_sets()[-1:]]
        return [
            pod
            for pod in self.cluster.get("pods", SELECTOR)
            if owner_of(pod)["uid"] in current and not is_ending(pod)
        ]

    def pods_when(self, is_settled: Callable[[list[Object]], bool], seconds: float) -> list[Object]:
        """Its pods, as soon as they are settled or the time is up.

        Raises:
            Unknown: no pod exists at this moment, so nothing can be said of every pod.
        """
        found = settled(self.pods, is_settled, seconds)
        if not found:
            raise Unknown("the pods were replaced just now: look again in a moment")
        return found

    def evidence(self, item: Object) -> str:
        """The last events and log lines of a pod or ReplicaSet."""
        events = self.cluster.events(item)
        said = self.cluster.last_lines(name_of(item)) if item["kind"] == "Pod" else ""
        return "\n".join(filter(None, [events, f"It logged: {said}" if said else ""]))


def stuck(pod: Object) -> str:
    """The reason for which a pod's container does not run and will not by itself; else ""."""
    for container in pod["status"].get("containerStatuses", []):
        if container.get("ready"):  # it works now, whatever its last end was
            continue
        reasons = [
            container.get("lastState", {}).get("terminated", {}).get("reason", ""),
            container["state"].get("terminated", {}).get("reason", ""),
            container["state"].get("waiting", {}).get("reason", ""),
        ]
        for reason in reasons:
            if reason in STUCK:
                return str(reason)
    return ""


def image_of(pod: Object) -> str:
    """What the container of the API really runs, by digest; "" where that is not known yet."""
    statuses = pod["status"].get("containerStatuses", [])
    return next((each["imageID"] for each in statuses if each["name"] == APP), "")


def container_of(pod: Object) -> Object:
    """The container of the API in a pod; empty where the pod has no such container."""
    containers = pod.get("spec", {}).get("containers") or []
    return next((each for each in containers if each.get("name") == APP), {})


def is_ready(pod: Object) -> bool:
    """Whether a pod may be sent requests."""
    conditions = {c["type"]: c["status"] for c in pod["status"].get("conditions", [])}
    return conditions.get("Ready") == "True"

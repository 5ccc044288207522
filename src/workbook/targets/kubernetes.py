"""The learner's cluster, as the checks ask it: by kubectl, with the workbook's own kubeconfig.

kubectl and not a client library, so that whatever a check says it saw, the learner can see by
typing the same.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeVar
from urllib.parse import urlsplit

from workbook.errors import WorkbookError
from workbook.learner.store import kept
from workbook.outcome import Finding, Unknown, Wrong
from workbook.programs import run
from workbook.targets.local.cluster import authority

Object = dict[str, Any]  # as the API server gives it
Found = TypeVar("Found")
NAMESPACE = "ml-demo"
GATEWAY_NAMESPACES = {  # where phase 4 makes its Gateway
    "local": NAMESPACE,
    "azure": "ml-gateway",  # phases/phase4/k8s/azure/namespace.yaml
}
OF_A_CHECK = {"app.kubernetes.io/managed-by": "workbook"}  # labels of what a check makes
APP = "ml-api"  # its Deployment and its Service, and the value of its label
RESTARTS = {  # what brings back an API server that does not answer
    "local": "./workbook up",
    "azure": 'az aks start --resource-group "$RG" --name "$AKS"',
}
TOO_SLOW = re.compile(r"timeout|timed out|deadline exceeded", re.IGNORECASE)  # of kubectl
SECONDS_TO_ANSWER = 10
SECONDS_TO_END = 10  # after that, for kubectl itself
SECONDS_TO_DELETE = 120  # the pods of a namespace take their time to end
SECONDS_BETWEEN_LOOKS = 0.5


@kept
@dataclass(frozen=True)
class Facts:
    """What a service consists of at one moment."""

    pods: dict[str, str] = field(default_factory=dict)  # what keeps each, by name
    endpoints: list[str] = field(default_factory=list)  # where requests go, as 10.0.0.1:80


@dataclass(frozen=True)
class Endpoint:
    """Where a Service sends requests."""

    address: str  # with the port
    pod: str  # "" where no pod is named


@dataclass(frozen=True)
class Kubernetes:
    """A cluster and the namespace that the lessons work in."""

    kubectl: Path
    kubeconfig: Path
    namespace: str = NAMESPACE
    restart: str = RESTARTS["local"]

    def within(self, namespace: str) -> "Kubernetes":
        """The same cluster, in another namespace."""
        return replace(self, namespace=namespace)

    def command(self, *words: str) -> list[str]:
        """A kubectl command against this cluster and namespace."""
        options = [f"--kubeconfig={self.kubeconfig}", f"--namespace={self.namespace}"]
        return [str(self.kubectl), *options, *words]

    def run(
        self, *words: str, stdin: str = "", seconds: float = SECONDS_TO_ANSWER
    ) -> "CompletedProcess[str]":
        """Run kubectl; its status is the caller's to judge.

        Raises:
            TookTooLong: it has not ended. --request-timeout bounds a request only: `exec` and
                `logs`, for example, go on after it.
        """
        command = self.command(f"--request-timeout={seconds:g}s", *words)
        return run(command, seconds + SECONDS_TO_END, stdin=stdin)

    def authority(self) -> str | None:
        """What its API server is known by; None where the kubeconfig cannot be read."""
        found = self._kubeconfig()
        return authority(found) if found else None

    def host(self) -> str:
        """The name of its API server's host; "" where the kubeconfig cannot be read."""
        found = self._kubeconfig()
        server = found["clusters"][0]["cluster"]["server"] if found else ""
        return urlsplit(server).hostname or ""

    def _kubeconfig(self) -> Object | None:
        done = self.run("config", "view", "--raw", "--minify", "--output=json")
        if done.returncode != 0:
            return None
        found: Object = json.loads(done.stdout)
        return found

    def ask_ready(self) -> "CompletedProcess[str]":
        """Ask the API server whether it is ready; its status 0 says so."""
        return self.run("get", "--raw=/readyz")

    def delete(self, kind: str, name: str) -> None:
        """Delete an object, if it exists, and wait until it is gone.

        Raises:
            WorkbookError: it is still there.
        """
        words = ["delete", kind, name, "--ignore-not-found", f"--timeout={SECONDS_TO_DELETE}s"]
        done = self.run(*words, seconds=SECONDS_TO_DELETE)
        if done.returncode != 0:
            raise WorkbookError(f"The {kind} {name} cannot be deleted: {done.stderr.strip()}")

    def get(self, kind: str, selector: str = "", everywhere: bool = False) -> list[Object]:
        """The objects of a kind in the namespace, or in all of them, the newest last.

        Raises:
            Wrong: the API server does not answer, forbids it, or does not know the kind.
            Unknown: it does not answer in time.
        """
        words = ["get", kind, "--output=json"]
        words += [f"--selector={selector}"] if selector else []
        words += ["--all-namespaces"] if everywhere else []
        words += ["--sort-by=.metadata.creationTimestamp"]
        done = self.run(*words)
        if done.returncode != 0:
            raise unreachable(done.stderr, self.restart)
        items: list[Object] = json.loads(done.stdout)["items"]
        return items

    def get_one(self, kind: str, name: str) -> Object | None:
        """One object, or None if no object has that name. Asks for this object only.

        Raises:
            Finding: as `get`.
        """
        done = self.run("get", kind, name, "--ignore-not-found", "--output=json")
        if done.returncode != 0:
            raise unreachable(done.stderr, self.restart)
        found: Object | None = json.loads(done.stdout) if done.stdout.strip() else None
        return found

    def events(self, item: Object, count: int = 3) -> str:
        """The last events of an object that are not "Normal", a line each."""
        found = [
            event
            for event in self.get("events")
            if event["involvedObject"]["name"] == name_of(item)
            and event["involvedObject"].get("kind") == item["kind"]  # a PVC may have a pod's name
            and event.get("type") != "Normal"
        ]
        found.sort(key=_last_seen)
        lines = [f"{event.get('reason', '')}: {event.get('message', '')}" for event in found]
        return "\n".join(dict.fromkeys(lines[-count:]))

    def last_lines(self, pod: str, count: int = 3) -> str:
        """The end of what the pod's first container logged, before a restart if there was one."""
        for which in (["--previous"], []):
            said = self.run("logs", pod, f"--tail={count}", *which).stdout.strip()
            if said and not said.startswith("unable to retrieve"):  # kubectl says so on stdout
                return said
        return ""

    def facts(self, app: str = APP) -> Facts:
        """The pods of an app with what keeps each, and where its Service sends requests."""
        pods = self.get("pods", f"app.kubernetes.io/name={app}")
        keepers = {name_of(pod): owner_of(pod)["name"] for pod in pods if not is_ending(pod)}
        return Facts(keepers, [each.address for each in self.endpoints(app)])

    def endpoints(self, service: str = APP) -> list[Endpoint]:
        """All of a Service's endpoints that get requests."""
        return endpoints(self.get("endpointslices", f"kubernetes.io/service-name={service}"))


def name_of(item: Object) -> str:
    """The name of an object."""
    name: str = item["metadata"]["name"]
    return name


def uid_of(item: Object) -> str:
    """The uid, which distinguishes an object from an earlier one of the same name."""
    uid: str = item["metadata"]["uid"]
    return uid


def digest_of_spec(item: Object) -> str:
    """The SHA-256 of an object's spec; the same when the object is created a second time."""
    return hashlib.sha256(json.dumps(item["spec"], sort_keys=True).encode()).hexdigest()


def owner_of(item: Object) -> dict[str, str]:
    """The name and the uid of what keeps an object; both "" where nothing does."""
    owners = item["metadata"].get("ownerReferences") or [{}]
    return {key: owners[0].get(key, "") for key in ("name", "uid")}


def is_ending(item: Object) -> bool:
    """Whether an object is being deleted, and only takes its time."""
    return "deletionTimestamp" in item["metadata"]


def _last_seen(event: Object) -> str:
    times = (event.get("lastTimestamp"), event.get("eventTime"))
    return str(next((t for t in times if t), event["metadata"]["creationTimestamp"]))


def endpoints(slices: list[Object]) -> list[Endpoint]:
    """What gets requests, by EndpointSlices: in their API, a `ready` that is not given is true."""
    return [
        Endpoint(f"{address}:{port['port']}", (each.get("targetRef") or {}).get("name", ""))
        for slice_ in slices
        for each in slice_.get("endpoints") or []
        if (each.get("conditions") or {}).get("ready") is not False
        for address in each.get("addresses") or []
        for port in slice_.get("ports") or []
    ]


def unreachable(said: str, run_next: str) -> Finding:
    """The outcome when the API server does not answer, or not with what it is asked for."""
    last = (said.strip().splitlines() or ["no reason given"])[-1]
    if TOO_SLOW.search(last):
        return Unknown(
            f"the API server has not answered in time ({last}). Its node may be frozen, or very "
            f"busy. If it stays so: {run_next}"
        )
    if "(Forbidden)" in said:
        return Wrong(
            expected="to be allowed to read this",
            found=last,
            why="your user may not",
            run_next=f"kubectl auth can-i --list --namespace {NAMESPACE}",
        )
    if "doesn't have a resource type" in said:
        return Wrong(
            expected="a cluster that knows this kind of object",
            found=last,
            why="the kind is defined by an object of its own, which a lesson installs, and which "
            "is not there",
            run_next="kubectl api-resources",
        )
    return Wrong(
        expected="a cluster whose API server answers",
        found=last,
        why="the cluster, or the container engine that it runs on, is stopped",
        run_next=run_next,
    )


def eventually(
    look: Callable[[], Found], is_settled: Callable[[Found], bool], seconds: float
) -> Found:
    """Look until what is found is settled or the time is up; returns what was seen last."""
    deadline = time.monotonic() + seconds
    while not is_settled(found := look()) and time.monotonic() < deadline:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return found

"""Pods that knock: who reaches whom, as pods see it that are beside ours and are not ours.

Like check.py, this needs the standard library only.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from workbook.outcome import Unknown
from workbook.targets.kubernetes import OF_A_CHECK, Kubernetes, Object, eventually

SECONDS_TO_KNOCK = 5  # again and again: a rule learns of a new pod a moment after its start
SECONDS_TO_RUN = 40  # a pod that knocks
LET_IN = "let in"
# every target is knocked at from its own thread, so that silence costs its time only once
KNOCK = """
import json, socket, sys, time
from concurrent.futures import ThreadPoolExecutor

deadline = time.monotonic() + float(sys.argv[1])

def knock(target):
    host, _, port = target.rpartition(":")
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=float(sys.argv[1])).close()
            return "let in"
        except OSError as error:
            if time.monotonic() > deadline:
                if isinstance(error, socket.gaierror):
                    raise  # a name that leads nowhere refuses nothing
                return f"refused: {error}"
            time.sleep(0.2)

with ThreadPoolExecutor(len(sys.argv)) as pool:
    print(json.dumps(dict(zip(sys.argv[2:], pool.map(knock, sys.argv[2:])))))
"""


def restricted_pod(
    name: str,
    image: str,
    command: Iterable[str] = (),
    *,
    labels: Mapping[str, str] = MappingProxyType({}),
    containers: Iterable[str] = ("main",),
    requests: Mapping[str, str] = MappingProxyType({"cpu": "50m", "memory": "64Mi"}),
    limits: Mapping[str, str] = MappingProxyType({"cpu": "500m", "memory": "64Mi"}),
) -> Object:
    """A pod that a namespace of the level `restricted` admits; it runs once.

    Args:
        name: of the pod, and the value of its label app.kubernetes.io/name.
        image: of each container.
        command: of each container; the image's own where it is empty.
        labels: more of them, or others.
        containers: names; a quota is asked with more than one.
        requests: of each container.
        limits: of each container.
    """
    container: dict[str, Any] = {
        "image": image,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": {"requests": {**requests}, "limits": {**limits}},
    }
    if command:
        container["command"] = [*command]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/name": name, **labels}},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 10001,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [{"name": each, **container} for each in containers],
        },
    }


@dataclass(frozen=True)
class Source:
    """Where a pod knocks from: its namespace, its labels, its name."""

    name: str
    cluster: Kubernetes  # in the namespace
    labels: Mapping[str, str] = field(default_factory=dict)


def knock(
    image: str, sources: Sequence[Source], targets: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Start a pod at each source, and let all of them knock at each target at the same time.

    The pods are removed afterwards, whatever happened.

    Args:
        image: of the pods; it has Python.
        sources: a pod each.
        targets: each HOST:PORT.

    Returns:
        By source and target: LET_IN, or "refused: " and the reason.

    Raises:
        Unknown: a pod did not start, or did not say what it got.
    """
    command = ["python", "-c", KNOCK, str(SECONDS_TO_KNOCK), *targets]
    for source in sources:
        source.cluster.delete("pod", source.name)  # of a check that was killed
    with ExitStack() as afterwards:  # each pod is removed, even where removing another fails
        for source in sources:
            afterwards.callback(_remove, source)
            pod = restricted_pod(
                source.name, image, command, labels={**source.labels, **OF_A_CHECK}
            )
            made = source.cluster.run("create", "--filename=-", stdin=json.dumps(pod))
            if made.returncode != 0:
                raise Unknown(f"the pod {source.name} cannot be created: {made.stderr.strip()}")
        return {source.name: _told(source) for source in sources}


def _remove(source: Source) -> None:
    now = ("--ignore-not-found", "--wait=false", "--grace-period=0")
    source.cluster.run("delete", "pod", source.name, *now)


def _told(source: Source) -> dict[str, str]:
    """The answer of each target to the pod of a source."""

    def state() -> str:
        found: Object = source.cluster.get_one("pods", source.name) or {}
        return str(found.get("status", {}).get("phase", "gone"))

    ended = eventually(state, lambda seen: seen in ("Succeeded", "Failed"), SECONDS_TO_RUN)
    said = source.cluster.run("logs", source.name).stdout.strip()
    if ended != "Succeeded":
        last = said.rpartition("\n")[2]
        raise Unknown(f"the pod {source.name} did not finish: {last or ended}")
    try:
        told: dict[str, str] = json.loads(said)
    except ValueError:
        raise Unknown(f"what the pod {source.name} logged is incomplete: {said!r}") from None
    return told

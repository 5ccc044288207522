"""How drills change an object of the cluster, and put it back as it was."""

import json
from collections.abc import Callable
from typing import Any

from workbook.checks.deployment import Deployment
from workbook.drills.drill import NothingToBreak, System
from workbook.errors import WorkbookError
from workbook.learner.store import read_json, whole
from workbook.outcome import Finding, NotStarted
from workbook.targets.kubernetes import APP, Found, Kubernetes, Object, eventually
from workbook.targets.opening import open_cluster

SECONDS_TO_SHOW = 90  # until a break can be seen
SECONDS_TO_WAIT = 150  # for kubectl; a rolling update takes up to 120
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"  # the next apply compares with it
CONTAINER = "/spec/template/spec/containers/0"
KEPT = (
    "apiVersion",
    "kind",
    "type",
    "data",
    "spec",
)  # and what names it; the rest is the cluster's
Patch = list[dict[str, Any]]


def goto(system: System) -> str:
    """What makes the phase complete."""
    return f"./workbook goto {system.phase.number}"


def deploy_again(phase: int) -> str:
    """The end of a way back: the lesson's own files are applied again."""
    overlay = f'"phases/phase{phase}/k8s/$WORKBOOK_TARGET"'
    return (
        '  eval "$(./workbook env)"\n'
        f"  kubectl diff --kustomize {overlay}\n"
        "shows what differs from your files. To apply them again:\n"
        f"  kubectl apply --kustomize {overlay}"
    )


def cluster_of(system: System) -> Kubernetes:
    """The learner's cluster.

    Raises:
        NothingToBreak: there is no cluster, or it is not the workbook's.
    """
    try:
        return open_cluster(system.phase.root, system.choices.target)
    except NotStarted:  # its own advice is the first part of ours
        raise NothingToBreak("There is no cluster yet.", goto(system)) from None
    except Finding as finding:
        raise NothingToBreak(str(finding), goto(system)) from None


def deployment_of(system: System) -> Deployment:
    """The learner's Deployment.

    Raises:
        NothingToBreak: it does not exist.
    """
    cluster = cluster_of(system)
    found = cluster.get_one("deployments", APP)
    if found is None:
        raise NothingToBreak("The API has not been deployed yet.", goto(system))
    return Deployment(cluster, found)


def change(system: System, kind: str, patch: Patch, name: str = APP, where: str = "") -> None:
    """Keep an object, then change it.

    Args:
        kind: of the object, as kubectl calls it.
        patch: operations of a JSON patch.
        name: of the object.
        where: its namespace, if that is not the API's.

    Raises:
        NothingToBreak: it does not exist.
    """
    cluster = cluster_of(system)
    cluster = cluster.within(where or cluster.namespace)
    try:
        found = cluster.get_one(kind, name)
    except Finding as finding:  # a kind that the cluster does not know
        raise NothingToBreak(str(finding), goto(system)) from None
    if found is None:
        raise NothingToBreak(f"There is no {kind} {name} yet.", goto(system))
    kept = {key: found[key] for key in KEPT if key in found}
    annotations = found["metadata"].get("annotations", {})
    kept["metadata"] = {
        "name": name,
        "namespace": cluster.namespace,
        "labels": found["metadata"].get("labels", {}),
        "annotations": {k: v for k, v in annotations.items() if k == LAST_APPLIED},
    }
    with whole(system.kept / f"{kind}.json") as draft:
        draft.touch(mode=0o600)  # it may be a Secret
        draft.write_text(json.dumps(kept), encoding="utf-8")
    words = ("patch", kind, name, "--type=json", "--patch-file=/dev/stdin")
    kubectl(cluster, *words, stdin=json.dumps(patch))


def put_back(system: System, kind: str) -> None:
    """Put the kept object back, and wait until the API's pods are Ready."""
    replace_with_kept(system, kind)
    wait_for_rollout(cluster_of(system))


def replace_with_kept(system: System, kind: str) -> None:
    """Put the kept object back, if the break was not interrupted before it was kept.

    Raises:
        WorkbookError: the copy is damaged, or the cluster refuses it.
    """
    file = system.kept / f"{kind}.json"
    if not file.exists():
        return
    kept = read_json(file)
    again = f"./workbook run {system.phase.number}"
    try:
        namespace = (kept or {})["metadata"]["namespace"]
        cluster = cluster_of(system).within(str(namespace))
    except (KeyError, TypeError):
        raise WorkbookError(
            f"{file.relative_to(system.phase.root)} is damaged: this copy of your {kind} cannot be "
            "put back. Run the lesson again: it creates the object as it was.",
            again,
        ) from None
    kubectl(cluster, "replace", "--filename=-", stdin=json.dumps(kept), run_next=again)


def wait_for_rollout(cluster: Kubernetes) -> None:
    kubectl(cluster, "rollout", "status", f"deployment/{APP}", "--timeout=120s")


def wait_for_new_pods(system: System) -> None:
    """Wait until a changed Deployment has replaced its pods."""
    wait_for_rollout(cluster_of(system))


def wait_until(look: Callable[[], Found], shows: Callable[[Found], bool]) -> None:
    """Wait until the cluster shows what a break has done.

    Raises:
        WorkbookError: it does not.
    """
    if not shows(eventually(look, shows, SECONDS_TO_SHOW)):
        raise WorkbookError("The break does not show on the cluster.", "./workbook status")


def wait_for_pods(system: System, shows: Callable[[list[Object]], bool]) -> None:
    """Wait until the newest pods show what a break has done to them."""
    wait_until(deployment_of(system).pods, shows)


def events_say(system: System, words: str) -> Callable[[list[Object]], bool]:
    """Whether the events of pods hold these words."""
    cluster = cluster_of(system)
    return lambda pods: any(words in cluster.events(pod) for pod in pods)


def ports_behind(cluster: Kubernetes) -> set[str]:
    """The ports of ready pods that the Service sends requests to."""
    return {each.rpartition(":")[2] for each in cluster.facts().endpoints}


def kubectl(cluster: Kubernetes, *words: str, stdin: str = "", run_next: str = "") -> None:
    """Run kubectl; a command that waits names its own, shorter time limit.

    Raises:
        WorkbookError: it failed; `run_next` helps.
    """
    done = cluster.run(*words, stdin=stdin, seconds=SECONDS_TO_WAIT)
    if done.returncode != 0:
        raise WorkbookError(f"kubectl {words[0]} failed: {done.stderr.strip()}", run_next)

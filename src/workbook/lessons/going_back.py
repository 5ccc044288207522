"""Going back to an earlier phase: what later ones added goes, and its own objects come again."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from workbook.course.phase import Phase, phases
from workbook.errors import WorkbookError
from workbook.learner.choices import Choices
from workbook.learner.store import read_state, write_json
from workbook.lessons.deploying import deploy
from workbook.targets.azure.cluster import cluster_in_use
from workbook.targets.azure.names import is_of_terraform
from workbook.targets.kubernetes import APP, SECONDS_TO_DELETE, Kubernetes, name_of, owner_of
from workbook.targets.opening import find_cluster

LABEL = "workbook/phase"  # of every object: the phase that adds it
HOLD_DATA = {"Namespace", "PersistentVolume", "PersistentVolumeClaim", "Secret"}
SECONDS_TO_LIST = 60  # some eighty kinds, one after the other
OF_NO_LESSON = {  # what the state of a phase may have whose lesson was not begun
    "checks.json",
    "receipt.json",
    "receipt.md",
    "exercises",
    "answers.json",
    "answered-on.json",
    "answers.lock",
}
LEFT = "left.json"  # of a phase that was left: on which cluster its objects can come again


@dataclass(frozen=True)
class Added:
    """An object that a phase has added to the cluster."""

    phase: int
    namespace: str  # "" for one of the whole cluster
    name: str  # KIND.GROUP/NAME, as kubectl takes it


def was_begun(phase: Phase) -> bool:
    """Whether its lesson left something, and `goto` did not leave the phase since."""
    names = {path.name for path in phase.state.iterdir()} if phase.has_state else set()
    return bool(names - OF_NO_LESSON) and LEFT not in names


def was_left(phase: Phase) -> bool:
    """Whether `goto` left the phase for an earlier one."""
    return phase.has_state and (phase.state / LEFT).exists()


def return_to(phases: Iterable[Phase]) -> None:
    """Forget that phases were left: their objects are there again."""
    for phase in phases:
        (phase.state / LEFT).unlink(missing_ok=True)


def added_objects(phase: Phase, cluster: Kubernetes) -> list[Added]:
    """Every object that carries the label of a phase, but those that hold data.

    What has an owner goes with its owner.

    Args:
        phase: any phase of the learner's target.
        cluster: the learner's.

    Raises:
        WorkbookError: the cluster cannot be asked, or its objects have no such label yet.
    """
    _refuse_unlabelled(phase, cluster)
    kinds = cluster.run("api-resources", "--verbs=list,delete", "--output=name").stdout.split()
    asked = ",".join(kind for kind in kinds if kind not in ("events", "events.events.k8s.io"))
    words = ("get", asked, "--all-namespaces", f"--selector={LABEL}", "--output=json")
    done = cluster.within("").run(*words, seconds=SECONDS_TO_LIST)
    if not kinds or done.returncode != 0:
        raise WorkbookError(
            f"The objects of the phases cannot be listed: {done.stderr.strip()}", cluster.restart
        )
    return [
        Added(int(number), item["metadata"].get("namespace", ""), _name(item))
        for item in json.loads(done.stdout)["items"]
        if item["kind"] not in HOLD_DATA and not owner_of(item)["uid"]
        if (number := item["metadata"]["labels"][LABEL]).isdecimal()
    ]


def _refuse_unlabelled(phase: Phase, cluster: Kubernetes) -> None:
    deployment = cluster.get_one("deployments", APP)
    if deployment is None or LABEL in deployment["metadata"].get("labels", {}):
        return
    begun = [p for p in phases(phase.root, phase.target) if p.has("cluster") and was_begun(p)]
    on_azure = phase.target == "azure"  # where each lesson deploys the API
    deployed = [p.number for p in begun if p.manifest.deploys or on_azure] or [1]
    again = [deployed[-1], *(p.number for p in begun if p.number > deployed[-1])]
    raise WorkbookError(
        "This system was deployed by an older version of the workbook: its objects do not say "
        "which phase added them.",
        ", then ".join(f"./workbook run {number}" for number in again),
    )


def _name(item: dict[str, object]) -> str:
    group, slash, _ = str(item["apiVersion"]).rpartition("/")
    return f"{str(item['kind']).lower()}{'.' if slash else ''}{group}/{name_of(item)}"


def go_back(wanted: Phase, choices: Choices) -> list[str]:
    """Remove what the phases after the wanted one added, the last one's first; returns the names.

    Then deploy the wanted phase's own objects again. Rows, Terraform's state, certificates and
    passwords stay: they are in the namespaces that a phase keeps, or in Secrets.

    Raises:
        WorkbookError: the cluster cannot be asked, or something cannot be deleted or deployed. Or a
            later phase has a cluster of its own.
    """
    later = [p for p in phases(wanted.root, wanted.target) if p.number > wanted.number]
    if not later or not wanted.has("cluster"):
        return []
    cluster = find_cluster(wanted.root, wanted.target)
    if cluster is None:
        return []
    if made := infrastructure_after(wanted, choices):
        raise WorkbookError(
            f"On Azure, phase {made.number} created a cluster, a registry and a database beside "
            f"those of phase {wanted.number}, and you work on the new ones: `goto` cannot go back "
            "behind it. To begin again, delete what is there: its rows are lost.",
            f"./workbook down, then ./workbook goto {wanted.number}",
        )
    objects = added_objects(wanted, cluster)
    removed: list[str] = []
    for phase in reversed(later):
        names = remove(phase, cluster, objects, phase.manifest.on(phase.target).keeps)
        if names:
            write_json(phase.state / LEFT, {"cluster": cluster.authority() or ""})
        removed += names
    if removed:
        deploy(wanted, cluster, choices)
    return removed


def remove(
    phase: Phase, cluster: Kubernetes, objects: list[Added], kept: Iterable[str]
) -> list[str]:
    """Delete a phase's objects and namespaces, but what is in a namespace that is kept.

    Raises:
        WorkbookError: something is still there.
    """
    mine = [
        each for each in objects if each.phase == phase.number and each.namespace not in {*kept}
    ]
    for namespace in dict.fromkeys(each.namespace for each in mine):
        names = [each.name for each in mine if each.namespace == namespace]
        limit = f"--timeout={SECONDS_TO_DELETE}s"
        words = ("delete", *names, "--ignore-not-found", limit)
        done = cluster.within(namespace).run(*words, seconds=SECONDS_TO_DELETE)
        if done.returncode != 0:
            raise WorkbookError(f"{', '.join(names)} cannot be deleted: {done.stderr.strip()}")
    gone = [each.name for each in mine]
    for namespace in phase.manifest.on(phase.target).namespaces:
        if namespace not in {*kept} and cluster.get_one("namespaces", namespace):
            cluster.delete("namespace", namespace)
            gone.append(f"namespace/{namespace}")
    return gone


def infrastructure_after(phase: Phase, choices: Choices) -> Phase | None:
    """The later phase that created, on Azure, the cluster that the learner works on, if one did.

    Only the cluster shows it: what a phase wrote on this machine goes with its `reset`.
    """
    if phase.target != "azure" or not is_of_terraform(cluster_in_use(phase.root), choices):
        return None
    later = [p for p in phases(phase.root, phase.target) if p.number > phase.number]
    return next((p for p in later if "terraform" in p.manifest.adds), None)


def come_again(phase: Phase, choices: Choices) -> bool:
    """Deploy the objects of a phase that was left on this cluster; whether that could be tried.

    Not on Azure, which gives a gateway another address each time: its lesson makes the certificate.

    Raises:
        WorkbookError: they cannot be deployed.
    """
    note = read_state(phase.state / LEFT, dict[str, str])
    return_to([phase])
    cluster = find_cluster(phase.root, phase.target) if note else None
    if not note or cluster is None or phase.target == "azure":
        return False
    if note.get("cluster") != cluster.authority():
        return False
    deploy(phase, cluster, choices)
    return True

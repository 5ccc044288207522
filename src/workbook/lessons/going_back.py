"""Going back to an earlier phase: what a later one has added to the cluster goes."""

from workbook.course.phase import Phase, phases
from workbook.errors import WorkbookError
from workbook.targets.kubernetes import NAMESPACE, Kubernetes, name_of
from workbook.targets.local import database
from workbook.targets.opening import find_cluster
from workbook.targets.terraform import NAMESPACE as STATE


def remove_later_objects(wanted: Phase) -> list[str]:
    """Delete the objects of later phases that the wanted one does not have; returns their names.

    Rows in the database are no objects, and stay.

    Raises:
        WorkbookError: the cluster cannot be asked, or something cannot be deleted.
    """
    if not wanted.has("cluster"):
        return []
    cluster = find_cluster(wanted.root, wanted.target)
    if cluster is None:
        return []
    keep = _objects_of(wanted, cluster)
    removed = []
    for phase in phases(wanted.root, wanted.target):
        if phase.number > wanted.number:
            later = [name for name in _objects_of(phase, cluster) if name not in keep]
            removed += [name for name in later if name not in removed]
    for name in removed:
        cluster.delete(*name.split("/"))
    return removed + ([] if wanted.has("terraform") else _forget_infrastructure(cluster))


def _forget_infrastructure(cluster: Kubernetes) -> list[str]:
    """Delete the local root's state, and the rules that no earlier phase has; returns their names.

    The server stays: it is the one that an earlier phase makes by hand.
    """
    server = cluster.within(database.NAMESPACE)
    rules = [f"networkpolicy/{name_of(rule)}" for rule in server.get("networkpolicies")]
    for rule in rules:
        server.delete(*rule.split("/"))
    if cluster.get_one("namespaces", STATE) is None:
        return rules
    cluster.delete("namespace", STATE)
    return [*rules, f"namespace/{STATE}"]


def _objects_of(phase: Phase, cluster: Kubernetes) -> list[str]:
    """The objects of a phase's manifests that are there, as KIND/NAME; ml-demo itself is left out.

    What stands in a namespace of the phase's own goes with that. A phase whose lesson has not
    written its values has not been deployed.

    Raises:
        WorkbookError: the manifests cannot be read, or the cluster cannot be asked.
    """
    if not phase.values.exists():
        return []
    made = cluster.run("kustomize", str(phase.overlay))
    if made.returncode != 0:
        raise WorkbookError(
            f"The manifests of {phase.name} cannot be read: {made.stderr.strip()}",
            f"git diff phases/{phase.name}/k8s",
        )
    words = ("get", "--filename=-", "--ignore-not-found", "--output=name")
    # each object says in which namespace it is
    found = cluster.within("").run(*words, stdin=made.stdout)
    # of a kind that the cluster does not know, it has no objects
    if found.returncode != 0 and "no matches for kind" not in found.stderr:
        raise WorkbookError(
            f"The objects of {phase.name} cannot be listed: {found.stderr.strip()}",
            f"./workbook check {phase.number}",
        )
    # ml-demo holds what is kept, too
    return [name for name in found.stdout.split() if name != f"namespace/{NAMESPACE}"]

"""Make a phase as new: what it made is removed, what is in git stays."""

import shutil
from pathlib import Path

from workbook.course.phase import Phase, phases
from workbook.drills.drill import System
from workbook.drills.of_phase import Drills
from workbook.learner.background import Background
from workbook.learner.choices import Choices
from workbook.learner.drills import read_under_way
from workbook.lessons.deploying import deploy, was_deployed
from workbook.lessons.going_back import added_objects, infrastructure_after, remove
from workbook.lessons.own_copy import own_copy, set_copy_aside
from workbook.targets.kubernetes import Kubernetes
from workbook.targets.local import database
from workbook.targets.local.engine import find_engine
from workbook.targets.opening import find_cluster

PASSWORDS = {  # of the database; kept here, where a lesson has made them
    "passwords": "the passwords of the database's users",
    "administrator": "the only copy of its administrator's password",
}


def what_goes(phase: Phase) -> list[str]:
    """What a reset ends, removes and renames, in words."""
    lines = [f"ends {p.title} (process {p.pid})" for p in Background(phase.state).running()]
    cluster = _cluster(phase)
    lines += [f"ends the drill of phase {each.number}" for each in _in_drill(phase, cluster)]
    if cluster is not None:
        gone = _namespaces(phase)
        lines += [
            f"removes everything in the namespace {name} of your cluster"
            for name in gone
            if cluster.get_one("namespaces", name)
        ]
        objects = [each for each in added_objects(phase, cluster) if each.phase >= phase.number]
        if names := [each.name for each in objects if each.namespace not in gone]:
            lines.append(f"removes {', '.join(names)} of your cluster")
        if _has_database(phase, cluster):
            lines.append("removes the database's volume and all rows in it")
    for folder, content in _folders(phase).items():
        if folder.exists() and any(folder.iterdir()):
            lines.append(f"removes {folder.relative_to(phase.root)}/ ({content})")
    if (mine := own_copy(phase)).exists():
        lines.append(f"renames {mine.relative_to(phase.root)}, your copy of the notebook")
    return lines


def reset_phase(phase: Phase, choices: Choices) -> None:
    """End the phase's programs, remove what it made, and rename the learner's notebook.

    Raises:
        WorkbookError: the cluster cannot be asked, or something in it cannot be removed; the rest
            is still there too.
    """
    cluster = _cluster(phase)
    for each in _in_drill(phase, cluster):  # first: a drill may have changed a file that is in git
        Drills(System(each, choices, Background(each.state))).abandon()
    Background(phase.state).end_all()
    if cluster is not None:
        removed = _remove_objects(phase, cluster)
        if _has_database(phase, cluster):  # nothing uses it any more
            database.remove(find_engine(phase.root), cluster)
        before = phase.up_to[-2]
        if removed and was_deployed(before) and infrastructure_after(before, choices) is None:
            deploy(before, cluster, choices)
    phase.values.unlink(missing_ok=True)
    for folder in _folders(phase):
        if folder.exists():
            shutil.rmtree(folder)
    set_copy_aside(phase)


def _remove_objects(phase: Phase, cluster: Kubernetes) -> list[str]:
    """Delete what the phase added to the cluster, and before that what later phases added.

    Returns:
        The names of what was deleted, but not of namespaces that a phase left behind it keeps.
        With nothing else to delete, the system was in an earlier phase already.
    """
    objects = added_objects(phase, cluster)
    gone = _namespaces(phase)
    removed: list[str] = []
    for each in reversed(_from(phase)):
        there = each.manifest.on(phase.target)
        kept = [name for name in there.namespaces if name not in gone]
        names = remove(each, cluster, objects, kept)
        removed += [name for name in names if name.removeprefix("namespace/") not in there.keeps]
    return removed


def _namespaces(phase: Phase) -> list[str]:
    """The namespaces that go: the phase's own, and of later phases those that hold no data.

    With the database, Terraform's state goes too: it is of that database.
    """
    with_data = "database" in phase.manifest.adds
    return [
        name
        for each in _from(phase)
        for name in each.manifest.on(phase.target).namespaces
        if each == phase or with_data or name not in each.manifest.on(phase.target).keeps
    ]


def _from(phase: Phase) -> list[Phase]:
    """The phase and those after it."""
    return [each for each in phases(phase.root, phase.target) if each.number >= phase.number]


def _in_drill(phase: Phase, cluster: Kubernetes | None) -> list[Phase]:
    """The phases whose system goes, in part or as a whole, and of which a drill is under way."""
    whose = [phase] if cluster is None else _from(phase)
    return [each for each in whose if read_under_way(each)]


def _folders(phase: Phase) -> dict[Path, str]:
    """The folders that the phase fills, and what with."""
    folders = {phase.directory / "model": "the trained model"}
    if _makes_local_database(phase):
        folders[phase.state.parent / "authority"] = "the keys of your own authority"
    passwords = [what for name, what in PASSWORDS.items() if (phase.state / name).exists()]
    return {
        **folders,
        phase.state: ", ".join(
            ["answers, outcomes, drills, exercise records, receipts, logs", *passwords]
        ),
    }


def _has_database(phase: Phase, cluster: Kubernetes) -> bool:
    wanted = _makes_local_database(phase)
    return wanted and cluster.get_one("persistentvolumes", database.VOLUME) is not None


def _makes_local_database(phase: Phase) -> bool:
    return "database" in phase.manifest.adds and phase.target == "local"


def _cluster(phase: Phase) -> Kubernetes | None:
    """The cluster that the phase's objects are in, if there is one."""
    return find_cluster(phase.root, phase.target) if phase.has("cluster") else None

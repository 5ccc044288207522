"""Make a phase as new: what it made is removed, what is in git stays."""

import shutil
from contextlib import suppress
from pathlib import Path

from workbook.course.phase import Phase
from workbook.drills.drill import Drills, System
from workbook.errors import WorkbookError
from workbook.learner.background import Background
from workbook.learner.choices import Choices
from workbook.targets.kubernetes import GATEWAY_NAMESPACES, NAMESPACE, Kubernetes
from workbook.targets.local import database
from workbook.targets.local.engine import find_engine
from workbook.targets.opening import find_cluster
from workbook.targets.terraform import NAMESPACE as STATE

PASSWORDS = {  # of the database; kept here, where a lesson has made them
    "passwords": "the passwords of the database's users",
    "administrator": "the only copy of its administrator's password",
}


def what_goes(phase: Phase) -> list[str]:
    """What a reset ends and removes, in words."""
    lines = [f"ends {p.title} (process {p.pid})" for p in Background(phase.state).running()]
    if (cluster := _cluster(phase)) is not None:
        lines += [
            f"removes everything in the namespace {name} of your cluster"
            for name in _namespaces(phase)
            if cluster.get_one("namespaces", name)
        ]
        if _has_database(phase, cluster):
            lines.append("removes the database's volume and all rows in it")
    for folder, content in _folders(phase).items():
        if folder.exists() and any(folder.iterdir()):
            lines.append(f"removes {folder.relative_to(phase.root)}/ ({content})")
    return lines


def reset_phase(phase: Phase, choices: Choices) -> None:
    """End the phase's programs and remove what it made.

    Raises:
        WorkbookError: the cluster cannot be asked, or something in it cannot be removed; the rest
            is still there too.
    """
    drills = Drills(System(phase, choices, Background(phase.state)))
    if drills.under_way():
        # It may have changed a file that is in git. That is put back first; that a program which
        # it would start again is not running any more does not matter here.
        with suppress(WorkbookError):
            drills.fix()
    Background(phase.state).end_all()
    if (cluster := _cluster(phase)) is not None:
        for name in _namespaces(phase):
            cluster.delete("namespace", name)
        if _has_database(phase, cluster):  # nothing uses it any more
            database.remove(find_engine(phase.root), cluster)
    phase.values.unlink(missing_ok=True)
    for folder in _folders(phase):
        if folder.exists():
            shutil.rmtree(folder)


def _namespaces(phase: Phase) -> list[str]:
    """Where the phase's objects are; Azure's database is no object of the cluster."""
    if phase.target == "azure":  # a gateway without routes has an address that costs
        return [NAMESPACE, GATEWAY_NAMESPACES["azure"]]
    if not phase.has("database"):
        return [NAMESPACE]
    return [NAMESPACE, database.NAMESPACE, STATE]  # the state, if any: it is of that database


def _folders(phase: Phase) -> dict[Path, str]:
    """The folders that the phase fills, and what with."""
    folders = {phase.directory / "model": "the trained model"}
    if _uses_local_database(phase):
        folders[phase.state.parent / "authority"] = "the keys of your own authority"
    passwords = [what for name, what in PASSWORDS.items() if (phase.state / name).exists()]
    return {**folders, phase.state: ", ".join(["answers, outcomes, receipts, logs", *passwords])}


def _has_database(phase: Phase, cluster: Kubernetes) -> bool:
    wanted = _uses_local_database(phase)
    return wanted and cluster.get_one("persistentvolumes", database.VOLUME) is not None


def _uses_local_database(phase: Phase) -> bool:
    return phase.has("database") and phase.target == "local"


def _cluster(phase: Phase) -> Kubernetes | None:
    """The cluster that the phase's objects are in, if there is one."""
    return find_cluster(phase.root, phase.target) if phase.has("cluster") else None

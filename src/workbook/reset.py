"""Make a phase as new: what it made is removed, what is in git stays."""

import shutil
from contextlib import suppress

from workbook.background import Background
from workbook.check import Finding
from workbook.choices import Choices
from workbook.drill import Drills, System
from workbook.errors import WorkbookError
from workbook.kubernetes import NAMESPACE, Kubernetes, open_cluster
from workbook.phase import FIRST_WITH_CLUSTER, Phase

DELETING = 120  # seconds that the pods of a namespace may take to end


def what_goes(phase: Phase) -> list[str]:
    """What a reset ends and removes, in words."""
    lines = [f"ends {p.title} (process {p.pid})" for p in Background(phase.state).running()]
    model = phase.directory / "model"
    if model.exists():
        lines.append(f"removes {model.relative_to(phase.root)}/ (the trained model)")
    if _objects(phase):
        lines.append(f"removes everything in the namespace {NAMESPACE} of your cluster")
    if any(phase.state.iterdir()):
        lines.append(
            f"removes {phase.state.relative_to(phase.root)}/ (answers, outcomes, receipts, logs)"
        )
    return lines


def reset_phase(phase: Phase, choices: Choices) -> None:
    """End the phase's programs and remove what it made."""
    drills = Drills(System(phase, choices, Background(phase.state)))
    if drills.under_way():
        # It may have changed a file that is in git. That is put back first; that a program which
        # it would start again is not running any more does not matter here.
        with suppress(WorkbookError):
            drills.fix()
    Background(phase.state).end_all()
    if cluster := _objects(phase):
        cluster.run("delete", "namespace", NAMESPACE, "--ignore-not-found", seconds=DELETING)
    shutil.rmtree(phase.directory / "model", ignore_errors=True)
    shutil.rmtree(phase.state)


def _objects(phase: Phase) -> Kubernetes | None:
    """The cluster, if it has anything of the phase."""
    if phase.number < FIRST_WITH_CLUSTER:
        return None
    try:
        cluster = open_cluster(phase.root, phase.target)
        return cluster if cluster.get("all") else None
    except Finding:  # no cluster, or not ours
        return None

"""Recordings of the lessons: what they prove, they prove of the system that they name.

Like check.py, this needs the standard library only.
"""

from typing import Protocol

from workbook.checks.deployment import Deployment
from workbook.course.phase import Phase, phases
from workbook.outcome import NotStarted, Wrong
from workbook.targets.kubernetes import Kubernetes

# What is in the folder of a phase whose lesson has not begun, when it was only checked.
NOT_OF_LESSONS = {"checks.json", "receipt.json", "receipt.md", "lock"}


class Recording(Protocol):
    """Traffic or load."""

    started: str
    system: dict[str, str]  # as system_of gives it; empty in a recording of an older workbook


def refuse_other_cluster(recording: Recording, cluster: Kubernetes, where: str) -> None:
    """A recording counts on the cluster that it was made on.

    Args:
        recording: of a lesson.
        cluster: the learner's.
        where: the section of the lesson that records it.

    Raises:
        NotStarted: it does not say on which cluster it was made.
        Wrong: it was made on another one.
    """
    made_on = recording.system.get("cluster")
    if not made_on:
        raise _record_again(where, "it does not say which system it was made on")
    if made_on != cluster.authority():
        raise _other(recording, "on another cluster", "your own cluster", where)


def refuse_other_system(
    recording: Recording, phase: Phase, current: Phase, deployment: Deployment, where: str
) -> None:
    """A recording counts on the cluster and for the image that it was made on.

    A later phase has another image. From then on, the recording counts for the image of its time.

    Args:
        recording: of the lesson of the phase.
        phase: the recording's.
        current: whose state the learner's system is in.
        deployment: what the recording is to prove something of.
        where: the section of the lesson that records it.

    Raises:
        NotStarted: it is older than the Deployment, or does not name its system.
        Wrong: it was made on another cluster, or with another image.
    """
    if recording.started < deployment.made:
        raise _record_again(where, f"the Deployment is newer: it is of {deployment.made}")
    refuse_other_cluster(recording, deployment.cluster, where)
    image = recording.system.get("image")
    by_digest = "@" in deployment.image  # or else another check says so
    if by_digest and image != deployment.image and not _is_followed(phase, current):
        raise _other(recording, f"with {image}", deployment.image, where)


def _other(recording: Recording, found: str, expected: str, where: str) -> Wrong:
    return Wrong(
        expected=f"a recording of {expected}",
        found=f"one of {recording.started} that was made {found}",
        why="a recording proves nothing about a system that it was not made on",
        run_next=f"record it again: {where}",
    )


def _record_again(where: str, reason: str) -> NotStarted:
    return NotStarted(f"record it again: {where}. Your recording does not count, since {reason}")


def _is_followed(phase: Phase, current: Phase) -> bool:
    """Whether a later phase is asked for, or its lesson has left something."""
    if current.number > phase.number:
        return True
    later = [each for each in phases(phase.root, phase.target) if each.number > phase.number]
    left = (path for each in later if each.has_state for path in each.state.iterdir())
    return any(path.name not in NOT_OF_LESSONS for path in left)

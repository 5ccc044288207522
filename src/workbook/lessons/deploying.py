"""Deploying a phase's own objects without its lesson: as the lesson does it, and nothing else."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbook.course.phase import Phase
from workbook.errors import WorkbookError
from workbook.learner.choices import Choices
from workbook.targets.kubernetes import (
    APP,
    Kubernetes,
    eventually,
    is_ending,
    name_of,
    owner_of,
    uid_of,
)
from workbook.targets.terraform import last_words, root_of

SECONDS_TO_APPLY = 60
SECONDS_TO_MIGRATE = 120
SECONDS_TO_ROLL_OUT = 240
SECONDS_TO_END = 60  # of a pod: 50 s are the grace period of the longest
SECONDS_TO_MEASURE = 180  # until the autoscaler has seen the CPU of new pods
FIRST = "app.kubernetes.io/component in (settings, migration)"  # what the API needs to start
PODS = f"app.kubernetes.io/name={APP}"


def deploy(phase: Phase, cluster: Kubernetes, choices: Choices) -> None:
    """Apply what the phase adds and its manifests, with the values that its lesson wrote.

    The image is the one in those values. Terraform applies its root on the target local only: on
    Azure, what it describes costs money, and no phase after it changes it.

    Raises:
        WorkbookError: something cannot be applied, or does not come up.
    """
    with _values(phase):
        _deploy(phase, cluster, choices)


def _deploy(phase: Phase, cluster: Kubernetes, choices: Choices) -> None:
    added = phase.manifest.on(phase.target)
    for folder in added.folders:
        _kubectl(cluster.within(""), "apply", f"--kustomize={phase.root / folder}")
    if "terraform" in phase.manifest.adds and phase.target == "local":
        _apply_root(phase, choices)
    for name in added.removes:
        namespace, kind, one = name.split("/")
        cluster.within(namespace).delete(kind, one)
    apply = ("apply", f"--kustomize={phase.overlay}")
    if phase.has("database"):  # a Job cannot be changed
        migration = "--selector=app.kubernetes.io/component=migration"
        _kubectl(cluster, "delete", "jobs", migration, "--ignore-not-found")
        _kubectl(cluster.within(""), *apply, f"--selector={FIRST}")
        until = ("--for=condition=Complete", f"--timeout={SECONDS_TO_MIGRATE}s")
        _kubectl(cluster, "wait", "jobs", migration, *until, seconds=SECONDS_TO_MIGRATE)
    _kubectl(cluster.within(""), *apply)
    _wait(cluster)
    _run_what_never_ran(cluster)


@contextmanager
def _values(phase: Phase) -> Iterator[None]:
    """A lesson that leaves the API as it is writes no values: those of the phase before it hold.

    Raises:
        WorkbookError: no lesson has written any.
    """
    written = _written_values(phase)
    if written is None:
        raise WorkbookError(
            f"{phase.name} has not been deployed yet: there is no {phase.values}.",
            f"./workbook run {phase.number}",
        )
    if written == phase.values:
        yield
        return
    shutil.copyfile(written, phase.values)
    try:
        yield
    finally:
        phase.values.unlink()


def was_deployed(phase: Phase) -> bool:
    """Whether there are values with which a phase can be deployed again."""
    return _written_values(phase) is not None


def _written_values(phase: Phase) -> Path | None:
    return next((each.values for each in reversed(phase.up_to) if each.values.exists()), None)


def _apply_root(phase: Phase, choices: Choices) -> None:
    root = root_of(phase, choices)
    words = ("-auto-approve", "-input=false", "-no-color", f"-lock-timeout={SECONDS_TO_APPLY}s")
    done = root.run("apply", *words)
    if done.returncode != 0:
        raise WorkbookError(
            f"Terraform cannot apply {root.folder.relative_to(phase.root)}: "
            f"{last_words(done.stderr)}",
            f"./workbook check {phase.number}",
        )


def _wait(cluster: Kubernetes) -> None:
    """Wait until the new pods answer and the old ones have ended."""
    limit = SECONDS_TO_ROLL_OUT
    rollout = ("rollout", "status", f"deployment/{APP}", f"--timeout={limit}s")
    _kubectl(cluster, *rollout, seconds=limit)
    eventually(
        lambda: cluster.get("pods", PODS),
        lambda pods: not any(map(is_ending, pods)),
        SECONDS_TO_END,
    )
    if cluster.get("horizontalpodautoscalers"):
        limit = SECONDS_TO_MEASURE
        until = ("--all", "--for=condition=ScalingActive", f"--timeout={limit}s")
        _kubectl(cluster, "wait", "horizontalpodautoscalers", *until, seconds=limit)
        _kubectl(cluster, *rollout, seconds=SECONDS_TO_ROLL_OUT)


def _run_what_never_ran(cluster: Kubernetes) -> None:
    """Run each CronJob once, as its lesson does: one that is created again has no run."""
    ran = {
        owner_of(job)["uid"]
        for job in cluster.get("jobs")
        if (job.get("status") or {}).get("succeeded")
    }
    for cronjob in cluster.get("cronjobs"):
        if uid_of(cronjob) not in ran:
            job = f"{name_of(cronjob)}-by-hand"
            _kubectl(cluster, "delete", "job", job, "--ignore-not-found")
            _kubectl(cluster, "create", "job", job, f"--from=cronjob/{name_of(cronjob)}")
            until = ("--for=condition=Complete", f"--timeout={SECONDS_TO_MIGRATE}s")
            _kubectl(cluster, "wait", f"job/{job}", *until, seconds=SECONDS_TO_MIGRATE)


def _kubectl(cluster: Kubernetes, *words: str, seconds: float = SECONDS_TO_APPLY) -> None:
    done = cluster.run(*words, seconds=seconds)
    if done.returncode != 0:
        raise WorkbookError(
            f"kubectl {' '.join(words[:2])} failed: {done.stderr.strip()}",
            f"kubectl --namespace {cluster.namespace or 'ml-demo'} get pods,events",
        )

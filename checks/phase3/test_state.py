"""The state of phase 3: where it is, who may change it now, and what must not be in it."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

from checks.phase1 import test_cluster
from checks.phase3 import on_azure
from checks.phase3.conftest import DATABASE, terraform_here
from workbook.checks.check import check
from workbook.course.phase import Phase
from workbook.learner.choices import Choices
from workbook.learner.store import read_json
from workbook.outcome import NotStarted, Wrong
from workbook.targets.kubernetes import Kubernetes, name_of
from workbook.targets.terraform import LEASE, NAMESPACE, Root

LESSON = "phases/phase3/README.md"
REFUSED = "refused.txt"  # what the second of two at a time was told
TWO = "lesson 3, “Two at the same time”"
LOCK = "app.terraform.io/lock-info"
PUBLIC = {"tls.crt", "ca.crt"}  # of a Secret: certificates are for everybody
SHORTEST = 8  # what is shorter could be anywhere by chance


@check(read=f"{LESSON}#a-place-for-the-state", after=test_cluster.test_node_is_ready)
def test_state_is_remote_and_locked(
    phase: Phase, cluster: Kubernetes, terraform: Root, state: dict[str, Any], choices: Choices
) -> str:
    """State is stored remotely, and locked while it changes"""
    kept = read_json(terraform.folder / ".terraform" / "terraform.tfstate") or {}
    backend = kept.get("backend") or {"type": "local"}
    if backend["type"] == "local":
        raise Wrong(
            expected="a backend that others can reach",
            found="a file on this machine",
            why="copies of a state file drift apart, and nothing stops two people applying at once",
            run_next=terraform_here(phase, "init -reconfigure"),
        )
    _look_at_refusal(phase, state)
    if phase.target == "local":
        lock, take_away = _lock_of(cluster), ""
    else:
        with on_azure.asking(choices) as azure:
            lock = on_azure.lock_of(azure, backend["config"])
            take_away = on_azure.break_lease(azure, backend["config"])
    if lock is not None:
        raise _held(phase, lock, take_away)
    return f"{backend['type']}, version {state['serial']}; the lock is free"


def _look_at_refusal(phase: Phase, state: dict[str, Any]) -> None:
    """The second of two was refused, by the lock of this state.

    Raises:
        NotStarted: it was not, or the recording does not name the state.
        Wrong: it was another state.
    """
    try:
        said = (phase.state / REFUSED).read_text(encoding="utf-8")
    except FileNotFoundError:
        said = ""
    if "Lock Info" not in said:
        raise NotStarted(f"let two apply at once: {TWO}")
    if "lineage" not in said:
        raise NotStarted(f"let two apply at once again: {TWO}. {REFUSED} does not name its state")
    if state["lineage"] not in said:
        raise Wrong(
            expected=f"the refusal of an apply on this state, whose lineage is {state['lineage']}",
            found=said.strip().splitlines()[-1].strip(),
            why="the lock of another state says nothing about the lock of yours",
            run_next=f"let two apply at once again: {TWO}",
        )


def _lock_of(cluster: Kubernetes) -> dict[str, str] | None:
    """Terraform's note about the lock in the cluster; None if the lock is free."""
    lease = cluster.within(NAMESPACE).get_one("leases", LEASE)
    identity = (lease.get("spec") or {}).get("holderIdentity") if lease else None
    if lease is None or not identity:
        return None
    try:
        noted = json.loads((lease["metadata"].get("annotations") or {}).get(LOCK, ""))
    except ValueError:  # Terraform did not note it
        noted = {}
    return {"ID": identity, **(noted if isinstance(noted, dict) else {})}


def _held(phase: Phase, lock: dict[str, str], take_away: str) -> Wrong:
    identity = lock.get("ID")
    if identity:
        take_away = terraform_here(phase, f"force-unlock {identity}")
    return Wrong(
        expected="a lock that is free",
        found=f"{lock.get('Who', 'somebody')} has held it since {lock.get('Created', 'some time')}"
        f", for {lock.get('Operation', 'something')}; its ID is {identity or 'not noted'}",
        why="another person is applying: wait. Or a Terraform was killed and could not release "
        "the lock: then no one can apply until it is removed. Ask the person that the lock names",
        run_next=f"{take_away}, if that Terraform is really gone",
    )


@check(read=f"{LESSON}#what-a-state-is", after=test_state_is_remote_and_locked)
def test_state_holds_no_secret(phase: Phase, cluster: Kubernetes, state: dict[str, Any]) -> str:
    """State holds no secret"""
    places = list(texts_of(state))
    count = 0
    for namespace in (cluster.namespace, DATABASE):
        for secret in cluster.within(namespace).get("secrets"):
            for key, encoded in (secret.get("data") or {}).items():
                plain = base64.b64decode(encoded).decode("utf-8", "replace").strip()
                if key in PUBLIC or len(plain) < SHORTEST:
                    continue
                count += 1
                where = next((p for p, text in places if plain in text or encoded in text), None)
                if where:
                    raise _leaked(phase, f"{name_of(secret)}, {key}", where)
    return f"looked for {count} secrets in {len(places)} texts"


def _leaked(phase: Phase, secret: str, where: str) -> Wrong:
    is_output = where.startswith("outputs.")
    return Wrong(
        expected="no secret in the state",
        found=f"that of the Secret {secret} stands in {where}",
        why="a state is plain text for everyone who may read it, and so are its older versions. "
        "`sensitive = true` hides a value on the screen only",
        run_next=(
            terraform_here(phase, "plan")
            if is_output
            else terraform_here(phase, f"state show '{re.sub(r'^resources.', '', where)}'")
        )
        + "; take it out of the code, apply, and make a new secret: the old one is known",
    )


def texts_of(state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text of a state, with where it stands."""
    for name, output in state.get("outputs", {}).items():
        for text in _strings(output.get("value")):
            yield f"outputs.{name}", text
    for resource in state["resources"]:
        for instance in resource["instances"]:
            for text in _strings(instance.get("attributes")):
                yield f"resources.{resource['type']}.{resource['name']}", text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)

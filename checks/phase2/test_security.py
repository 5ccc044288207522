"""What phase 2 keeps to itself: the connection, the rights, the passwords, what is too old."""

import base64
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from checks.phase2 import test_history
from checks.phase2.conftest import DATABASE
from workbook.checks.check import check
from workbook.checks.retention import keep_days
from workbook.learner.choices import Choices
from workbook.outcome import NotStarted, Wrong
from workbook.targets.kubernetes import Kubernetes, Object, is_ending, name_of

LESSON = "phases/phase2/README.md"
DAYS_TO_ACT = 7
SECRETS = ("database-ml-api", "database-owner")
MAY = {"SELECT", "INSERT"}
# The kinds that say what runs, and how.
READABLE = ("deployments", "statefulsets", "pods", "replicasets", "jobs", "cronjobs", "configmaps")


@check(
    read=f"{LESSON}#a-server-that-can-prove-who-it-is",
    after=test_history.test_prediction_is_logged,
)
def test_connection_is_secure(inside: dict[str, Any]) -> str:
    """Connection is secure: encrypted, and to a server that proved its name"""
    sessions, encrypted, version = inside["sessions"]
    if encrypted < sessions or not sessions:
        raise Wrong(
            expected="every connection of the API to be encrypted, as the server sees it",
            found=f"{encrypted} of {sessions}",
            why="whoever is on the network between can read what people write",
            run_next="git diff phases/phase2/sentiment/database.py",
        )
    days = (inside["certificate_ends"] - time.time()) / 86400
    ends = datetime.fromtimestamp(inside["certificate_ends"], UTC)
    if days < DAYS_TO_ACT:
        raise Wrong(
            expected=f"a certificate for more than {DAYS_TO_ACT} days",
            found=f"it ends on {ends:%Y-%m-%d at %H:%M} UTC",
            why="from then on the server can prove nothing, and the API writes no row any more; a "
            "certificate is renewed before it ends",
            run_next="lesson 2, “A server that can prove who it is”: make a new one; then “Get a "
            "database” again",
        )
    return f"{sessions} connections, all {version}; the certificate ends {ends:%Y-%m-%d}"


@check(
    read=f"{LESSON}#try-to-get-in-without-tls",
    after=test_history.test_prediction_is_logged,
)
def test_insecure_connection_is_refused(inside: dict[str, Any]) -> str:
    """Connection is refused without TLS, and to a server of another authority"""
    if inside["without_tls"] is None:
        raise Wrong(
            expected="the server to refuse a connection without TLS",
            found="it took one, password and all",
            why="a client that is set up wrongly sends its password, and everything else, for all "
            "to read, and nobody notices",
            run_next="kubectl --namespace ml-data exec postgres-0 --container postgres -- cat "
            "/etc/postgres/pg_hba.conf",
        )
    for what, reason in (
        ("another authority", inside["other_authority"]),
        ("another name", inside["other_name"]),
    ):
        if reason is None:
            raise Wrong(
                expected=f"a client that expects {what} to refuse this server",
                found="it connected",
                why="then the client does not verify, and anybody can pretend to be the server",
                run_next="git diff phases/phase2/sentiment/database.py",
            )
    return f"without TLS: {inside['without_tls'].rpartition('FATAL:')[2].strip()}"


@check(
    read=f"{LESSON}#passwords-that-nobody-types",
    after=test_history.test_prediction_is_logged,
)
def test_rights_are_least(inside: dict[str, Any]) -> str:
    """The API may add rows and read them, and nothing else"""
    too_much = [*inside["powers"], *(right for right in inside["rights"] if right not in MAY)]
    if too_much:
        raise Wrong(
            expected="SELECT and INSERT on the table, and no more",
            found=f"it also has: {', '.join(too_much)}",
            why="whoever finds a hole in the API has the API's rights: with these, the record "
            "could be changed so that nobody sees it",
            run_next="kubectl --namespace ml-data exec postgres-0 --container postgres -- psql "
            "--username postgres --dbname predictions --command '\\dp predictions' "
            "--command '\\du'",
        )
    return ", ".join(inside["rights"])


@check(
    read=f"{LESSON}#passwords-that-nobody-types",
    after=test_history.test_prediction_is_logged,
)
def test_passwords_are_secret(cluster: Kubernetes, choices: Choices) -> str:
    """Passwords are in Secrets, and nowhere else"""
    passwords = {}
    for name in SECRETS:
        secret = cluster.get_one("secrets", name)
        if secret is None:
            raise NotStarted(f"make the Secret {name}: lesson 2, “Passwords that nobody types”")
        passwords[name] = base64.b64decode(secret["data"]["password"]).decode().strip()
    namespaces = [cluster]
    if choices.target == "local":  # on Azure, the server is not in the cluster
        namespaces.append(cluster.within(DATABASE))
    places = [place for namespace in namespaces for place in _in_plain_sight(namespace)]
    for place in places:
        for name, password in passwords.items():
            encoded = base64.b64encode(password.encode()).decode()
            if password in place.text or encoded in place.text:
                raise Wrong(
                    expected="no password outside the Secrets",
                    found=f"the password of {name} stands in plain sight in: {place.what}",
                    why="objects other than Secrets, and logs, are read by many: by everybody who "
                    "may look at the namespace, by dashboards, by backups. Once there, change it",
                    run_next=place.command,
                )
    return f"looked for in {len(places)} objects and logs"


@dataclass(frozen=True)
class _Place:
    """Something that many may read, and the command that shows it."""

    what: str
    command: str
    text: str


def _in_plain_sight(cluster: Kubernetes) -> list[_Place]:
    """The objects of a namespace, Secrets left out, and the logs of its pods."""
    places = []
    for kind in READABLE:
        for item in cluster.get(kind):
            # what ends is going, and past versions are kept for a rollback
            if is_ending(item) or (kind == "replicasets" and not item["spec"]["replicas"]):
                continue
            name = name_of(item)
            kubectl = f"kubectl --namespace {cluster.namespace}"
            command = f"{kubectl} get {kind} {name} --output yaml"
            places.append(_Place(f"{kind} {name}", command, json.dumps(item)))
            if kind == "pods":
                words = ("logs", name, "--all-containers")
                command = f"{kubectl} {' '.join(words)}"
                places.append(_Place(f"log of {name}", command, cluster.run(*words).stdout))
    return places


@check(
    read=f"{LESSON}#what-may-be-kept-of-a-text",
    after=test_history.test_prediction_is_logged,
)
def test_old_rows_are_deleted(
    cluster: Kubernetes, retention: Object | None, inside: dict[str, Any]
) -> str:
    """Predictions that are too old are deleted"""
    if retention is None:
        raise NotStarted("deploy phase 2: lesson 2, “Make the table first, then deploy”")
    days = keep_days(retention)
    if retention["spec"].get("suspend") or inside["oldest_days"] > days + 2:
        state = "suspended" if retention["spec"].get("suspend") else "not suspended"
        raise Wrong(
            expected=f"a nightly Job, and no row older than {days} days",
            found=f"it is {state}; the oldest row is {inside['oldest_days']:.0f} days old",
            why="people were told that their words go after some time; every day they stay is one "
            "on which they can leak",
            run_next="kubectl --namespace ml-demo get cronjobs,jobs",
        )
    jobs = [job for job in cluster.get("jobs") if "retention" in name_of(job)]
    if not any(job["status"].get("succeeded") for job in jobs):
        raise NotStarted("run it once, without waiting for the night: lesson 2, “What may be kept”")
    return f"every night, after {days} days"

"""What phase 2 keeps to itself: the connection, the rights, the passwords, what is too old."""

import base64
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from checks.phase2 import test_database, test_history
from checks.phase2.conftest import DATABASE
from workbook.checks.check import check
from workbook.checks.retention import CRONJOB, keep_days, why_it_does_not_run
from workbook.learner.choices import Choices
from workbook.outcome import NotStarted, Wrong
from workbook.targets.kubernetes import Kubernetes, Object, is_ending, name_of, owner_of, uid_of

LESSON = "phases/phase2/README.md"
DAYS_TO_ACT = 7
DAYS_AT_MOST = 366
SECRETS = ("database-ml-api", "database-owner")
MAY = {"SELECT on predictions", "INSERT on predictions"}
ROLES = {  # on Azure, besides ours, those of the service itself
    "local": re.compile(r"postgres|predictions_owner|ml_api"),
    "azure": re.compile(r"administrator_of_all|predictions_owner|ml_api|azure\w*|replication"),
}
# The kinds that say what runs, and how.
RUNNING = ("deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs", "pods")
READABLE = (*RUNNING, "configmaps")
PSQL = (
    f"kubectl --namespace {DATABASE} exec postgres-0 --container postgres -- psql "
    "--username postgres --dbname predictions"
)


@check(
    read=f"{LESSON}#a-server-that-can-prove-who-it-is",
    after=test_database.test_log_reaches_database,
)
def test_connection_is_secure(client: dict[str, Any]) -> str:
    """Connection is secure: encrypted, and to a server that proved its name"""
    if client["problem"]:
        raise Wrong(
            expected="the server to take a new connection that is encrypted and verified",
            found=client["problem"],
            why="the API's own connections may be older than the fault, and its next one fails. "
            "The server may have TLS turned off, a certificate for another name, or no room",
            run_next=f"{PSQL} --command 'SHOW ssl' --command 'SHOW ssl_cert_file'",
        )
    sessions, encrypted, version = client["sessions"]
    if encrypted < sessions or not sessions:
        raise Wrong(
            expected="every connection of the API's user to be encrypted, as the server sees it",
            found=f"{encrypted} of {sessions}",
            why="people on the network between can read what the API writes",
            run_next="git diff phases/phase2/sentiment/database.py",
        )
    days = (client["certificate_ends"] - time.time()) / 86400
    ends = datetime.fromtimestamp(client["certificate_ends"], UTC)
    if days < DAYS_TO_ACT:
        raise Wrong(
            expected=f"a certificate for more than {DAYS_TO_ACT} days",
            found=f"it ends on {ends:%Y-%m-%d at %H:%M} UTC",
            why="after that date the API writes no rows, because it cannot verify the server. "
            "Renew a certificate before it ends",
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
            found="the server accepted it, with the password",
            why="a client with a wrong setting sends its password and all data unencrypted, and "
            "no error shows it",
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
                why="then the client does not verify, and anyone can pretend to be the server",
                run_next="git diff phases/phase2/sentiment/database.py",
            )
    return f"without TLS: {inside['without_tls'].rpartition('FATAL:')[2].strip()}"


@check(
    read=f"{LESSON}#passwords-that-nobody-types",
    after=test_history.test_prediction_is_logged,
)
def test_rights_are_least(inside: dict[str, Any], choices: Choices) -> str:
    """The API may add rows and read them, and nothing else"""
    too_much = [*inside["powers"], *(right for right in inside["rights"] if right not in MAY)]
    if too_much:
        raise Wrong(
            expected="SELECT and INSERT on the table, and no more",
            found=f"it also has: {_some(too_much)}",
            why="an attacker who gets into the API has the API's rights: with these, they could "
            "change the record unseen, or read what is not the API's",
            run_next=f"{PSQL} --command '\\dp' --command '\\du' --command '\\ddp'",
        )
    known = ROLES[choices.target]
    if strangers := [name for name in inside["roles"] if not known.fullmatch(name)]:
        raise Wrong(
            expected="the roles of the server's administrator and of the two users, and no other",
            found=_some(strangers),
            why="each role is one more password that can leak, with rights that no file of the "
            "lesson gives",
            run_next=f"{PSQL} --command '\\du'; then DROP ROLE, if no program needs it",
        )
    return ", ".join(inside["rights"])


def _some(names: list[str], most: int = 8) -> str:
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


@check(
    read=f"{LESSON}#passwords-that-nobody-types",
    after=test_history.test_prediction_is_logged,
)
def test_passwords_are_secret(cluster: Kubernetes, choices: Choices) -> str:
    """Passwords are in Secrets, and nowhere else"""
    passwords = {name: _password(cluster, name) for name in SECRETS}
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
                    why="objects other than Secrets, and logs, are read by many: by all who may "
                    "look at the namespace, by dashboards, by backups. Once there, change it",
                    run_next=place.command,
                )
    for namespace in namespaces:
        _refuse_in_environment(namespace, [*passwords.values()])
    return f"looked for in {len(places)} objects and logs"


def _password(cluster: Kubernetes, name: str) -> str:
    """The password in a Secret of the lesson.

    Raises:
        NotStarted: there is no such Secret.
        Wrong: it holds no password.
    """
    secret = cluster.get_one("secrets", name)
    if secret is None:
        raise NotStarted(f"make the Secret {name}: lesson 2, “Passwords that nobody types”")
    password = _values(secret).get("password", "")
    if not password:
        raise Wrong(
            expected=f"a password in the Secret {name}, under the key password",
            found=", ".join(_values(secret)) or "the Secret is empty",
            why="the API and the migration read it from a file of that name",
            run_next="./workbook run 2",
        )
    return password


def _values(secret: Object) -> dict[str, str]:
    """What a Secret holds, by key, without the end of its line."""
    return {
        key: base64.b64decode(value).decode("utf-8", "replace").strip()
        for key, value in (secret.get("data") or {}).items()
    }


def _refuse_in_environment(cluster: Kubernetes, passwords: list[str]) -> None:
    """No container has a Secret with a password in its environment.

    Raises:
        Wrong: one has.
    """
    secrets = {
        name_of(each) for each in cluster.get("secrets") if {*_values(each).values()} & {*passwords}
    }
    for kind in RUNNING:
        for item in cluster.get(kind):
            if _is_past(kind, item):
                continue
            for container in _containers(item):
                if named := secrets & {*_secrets_in_environment(container)}:
                    raise Wrong(
                        expected="passwords in files that only the process reads",
                        found=f"{kind} {name_of(item)}: the environment of {container.get('name')} "
                        f"comes from the Secret {min(named)}",
                        why="a process passes its environment to every program that it starts, "
                        "and crash reports print it. Only a program that opens a file reads it",
                        run_next=f"kubectl --namespace {cluster.namespace} get {kind} "
                        f"{name_of(item)} --output yaml",
                    )


def _containers(item: Object) -> Iterator[Object]:
    """The containers of a pod, or of what makes pods."""
    spec = item.get("spec") or {}
    spec = (spec.get("jobTemplate") or {}).get("spec") or spec  # of a CronJob
    spec = (spec.get("template") or {}).get("spec") or spec  # of what makes pods
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(key) or []


def _secrets_in_environment(container: Object) -> Iterator[str]:
    for each in container.get("env") or []:
        yield ((each.get("valueFrom") or {}).get("secretKeyRef") or {}).get("name", "")
    for each in container.get("envFrom") or []:
        yield (each.get("secretRef") or {}).get("name", "")


def _is_past(kind: str, item: Object) -> bool:
    """What ends is going, and past versions are kept for a rollback."""
    return is_ending(item) or (
        kind == "replicasets" and not (item.get("spec") or {}).get("replicas")
    )


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
            if _is_past(kind, item):
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
    problems = [*why_it_does_not_run(retention)]
    if not 1 <= days <= DAYS_AT_MOST:
        problems.append(f"it keeps rows for {days} days, and at most {DAYS_AT_MOST} are meant")
    if (inside["oldest_days"] or 0) > days + 2:
        problems.append(
            f"the oldest row is {inside['oldest_days']:.0f} days old, of {days} allowed"
        )
    if problems:
        raise Wrong(
            expected="a Job every night that deletes the rows which are too old",
            found="; ".join(problems),
            why="users were promised that their texts are deleted after some time. Each day that "
            "a text stays, it can leak",
            run_next=f"kubectl --namespace {cluster.namespace} describe cronjob {CRONJOB}",
        )
    jobs = [job for job in cluster.get("jobs") if owner_of(job)["uid"] == uid_of(retention)]
    if not any((job.get("status") or {}).get("succeeded") for job in jobs):
        raise NotStarted("run it once, without waiting for the night: lesson 2, “What may be kept”")
    return f"every night, after {days} days"

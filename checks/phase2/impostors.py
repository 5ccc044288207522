"""Wrong systems that the checks of phase 2 must see: the record, its database, its users."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

from checks.phase2 import test_disturbance, test_history, test_security
from checks.phase2.conftest import DATABASE, RECORDING
from checks.phase3 import test_infrastructure
from checks.phase4 import test_gateway
from drills.phase2._database import sql
from drills.phase4._scaler import settle
from workbook.checks.retention import COMMAND, CRONJOB
from workbook.course.phase import find_phase
from workbook.drills.drill import NothingToBreak, System
from workbook.drills.impostor import Impostor
from workbook.drills.objects import (
    CONTAINER,
    Patch,
    change,
    cluster_of,
    kubectl,
    put_back,
)
from workbook.learner.store import read_json, write_json
from workbook.measure.traffic import file_of
from workbook.targets.kubernetes import eventually

JOB = "/spec/jobTemplate/spec/template/spec/containers/0"
COPY = "database-url"  # a Secret
SECONDS_TO_RELOAD = 20
EACH = "ON predictions FOR EACH ROW EXECUTE FUNCTION"
DOUBLE = """
CREATE FUNCTION twice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN
    IF pg_trigger_depth() = 1 THEN
        INSERT INTO predictions (instance, sequence, request_id, predicted_at, label, confidence,
            known_words, model_version, text, text_sha256)
        VALUES (NEW.instance, NEW.sequence + 1000000, NEW.request_id, NEW.predicted_at, NEW.label,
            NEW.confidence, NEW.known_words, NEW.model_version, NEW.text, NEW.text_sha256);
    END IF;
    RETURN NULL;
END$$
"""
HALF = """
CREATE FUNCTION half() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
    IF NEW.sequence % 2 = 0 THEN RETURN NULL; END IF;
    RETURN NEW;
END$$
"""


def _sql(
    title: str, turns_red: Callable[..., Any], make: tuple[str, ...], undo: tuple[str, ...]
) -> Impostor:
    """A database that statements of its administrator make wrong."""
    return Impostor(
        title,
        turns_red,
        make=lambda system: sql(system, *make),
        undo=lambda system: sql(system, *undo),
    )


def _retention(title: str, patch: Patch) -> Impostor:
    """A CronJob that deletes nothing."""
    return Impostor(
        title,
        test_security.test_old_rows_are_deleted,
        make=lambda system: change(system, "cronjob", patch, CRONJOB),
        undo=lambda system: put_back(system, "cronjob"),
    )


def _turn_tls_off(system: System) -> None:
    sql(system, "ALTER SYSTEM SET ssl = off", "SELECT pg_reload_conf()")
    _wait_for_tls(system, "off")


def _turn_tls_on(system: System) -> None:
    sql(system, "ALTER SYSTEM RESET ssl", "SELECT pg_reload_conf()")
    _wait_for_tls(system, "on")


def _wait_for_tls(system: System, wanted: str) -> None:
    server = cluster_of(system).within(DATABASE)
    words = ("exec", "postgres-0", "--container=postgres", "--", "psql", "--username=postgres")
    show = (*words, "--no-psqlrc", "--tuples-only", "--no-align", "--command=SHOW ssl")
    eventually(lambda: server.run(*show).stdout.strip(), wanted.__eq__, SECONDS_TO_RELOAD)


def _copy_into_environment(system: System) -> None:
    """A second Secret with the password, under another name and key, in the environment."""
    cluster = cluster_of(system)
    secret = cluster.get_one("secrets", "database-ml-api")
    if secret is None:
        raise NothingToBreak("There is no Secret database-ml-api yet.", "./workbook goto 2")
    password = base64.b64decode(secret["data"]["password"]).decode().strip()
    manifest = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {COPY}}}\n"
    manifest += f"stringData: {{secret: {password}}}\n"
    kubectl(cluster, "apply", "--filename=-", stdin=manifest)
    variable = {
        "name": "PGPASSWORD",
        "valueFrom": {"secretKeyRef": {"name": COPY, "key": "secret"}},
    }
    change(system, "deployment", [{"op": "add", "path": f"{CONTAINER}/env/-", "value": variable}])
    settle(system)


def _take_out_of_environment(system: System) -> None:
    put_back(system, "deployment")
    cluster_of(system).delete("secret", COPY)
    settle(system)


def _recording(system: System) -> Path:
    phase = find_phase(2, system.phase.root, system.choices.target)
    return file_of(phase.state, RECORDING)


def _borrow_recording(system: System) -> None:
    """The recording of a colleague's cluster."""
    file = _recording(system)
    recording = read_json(file)
    if recording is None:
        raise NothingToBreak("Nothing has been recorded yet.", "./workbook run 2")
    system.keep(file)
    write_json(file, recording | {"system": recording["system"] | {"cluster": "of a colleague"}})


def _return_recording(system: System) -> None:
    system.put_back(_recording(system))


IMPOSTORS = {
    "rows-doubled": _sql(
        "A trigger writes every row twice",
        test_history.test_prediction_is_logged,
        (
            DOUBLE,
            f"CREATE TRIGGER twice AFTER INSERT {EACH} twice()",
        ),
        (
            "DROP TRIGGER twice ON predictions",
            "DROP FUNCTION twice",
            "DELETE FROM predictions WHERE sequence >= 1000000",
        ),
    ),
    "rows-half-lost": _sql(
        "A trigger drops every second row",
        test_history.test_prediction_is_logged,
        (
            HALF,
            f"CREATE TRIGGER half BEFORE INSERT {EACH} half()",
        ),
        ("DROP TRIGGER half ON predictions", "DROP FUNCTION half"),
    ),
    "rows-lost-by-a-rule": _sql(
        "A rule drops the rows of unsure answers",
        test_history.test_prediction_is_logged,
        (
            "CREATE RULE sure AS ON INSERT TO predictions WHERE NEW.confidence < 0.7"
            " DO INSTEAD NOTHING",
        ),
        ("DROP RULE sure ON predictions",),
    ),
    "may-delete": _sql(
        "The API may delete rows",
        test_security.test_rights_are_least,
        ("GRANT DELETE ON predictions TO ml_api",),
        ("REVOKE DELETE ON predictions FROM ml_api",),
    ),
    "may-change-a-column": _sql(
        "The API may change one column",
        test_security.test_rights_are_least,
        ("GRANT UPDATE (label) ON predictions TO ml_api",),
        ("REVOKE UPDATE (label) ON predictions FROM ml_api",),
    ),
    "reads-another-table": _sql(
        "The API may use a table that is not its own",
        test_security.test_rights_are_least,
        ("CREATE TABLE private_things (x int)", "GRANT ALL ON private_things TO ml_api"),
        ("DROP TABLE private_things",),
    ),
    "runs-as-the-administrator": _sql(
        "The API may call a function that has its owner's rights",
        test_security.test_rights_are_least,
        (
            "CREATE FUNCTION forget() RETURNS void LANGUAGE sql SECURITY DEFINER"
            " AS 'DELETE FROM predictions WHERE false'",
        ),
        ("DROP FUNCTION forget",),
    ),
    "member-of-the-owner": _sql(
        "The API's user is a member of the owner's role",
        test_security.test_rights_are_least,
        ("GRANT predictions_owner TO ml_api WITH INHERIT FALSE",),
        ("REVOKE predictions_owner FROM ml_api",),
    ),
    "second-superuser": _sql(
        "There is a second administrator",
        test_security.test_rights_are_least,
        ("CREATE ROLE reporting LOGIN SUPERUSER",),
        ("DROP ROLE reporting",),
    ),
    "tls-off": Impostor(
        "The server has TLS turned off, and old connections still have it",
        test_security.test_connection_is_secure,
        make=_turn_tls_off,
        undo=_turn_tls_on,
        also=(  # they open connections, too
            test_history.test_history_is_answered,
            test_infrastructure.test_private_path_works,
            test_gateway.test_history_is_not_public,
        ),
    ),
    "password-in-the-environment": Impostor(
        "A copy of the password is in the environment of the API",
        test_security.test_passwords_are_secret,
        make=_copy_into_environment,
        undo=_take_out_of_environment,
    ),
    "retention-never-runs": _retention(
        "The retention job runs on 30 February",
        [{"op": "replace", "path": "/spec/schedule", "value": "0 0 30 2 *"}],
    ),
    "retention-does-nothing": _retention(
        "The retention job runs every night and deletes nothing",
        [{"op": "replace", "path": f"{JOB}/command", "value": [COMMAND[0], "-c", "pass"]}],
    ),
    "recording-of-another-cluster": Impostor(
        "The recording of the stopped database is a colleague's",
        test_disturbance.test_stopped_database_costs_nothing,
        make=_borrow_recording,
        undo=_return_recording,
    ),
}

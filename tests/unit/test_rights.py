"""What the checks of phase 2 see of a real PostgreSQL server, as the API's user."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from copies import ROOT, free_port

sys.path.insert(0, str(Path(__file__).parents[2]))  # the checks are no part of the package

from checks.phase2 import impostors, test_history, test_security
from workbook.checks.api import Api
from workbook.drills.drill import System
from workbook.learner.choices import Choices
from workbook.outcome import Wrong
from workbook.targets.kubernetes import Kubernetes

PHASE = ROOT / "phases/phase2"
SCRIPT = ROOT / "checks/phase2/from_the_pod.py"
AUTHORITY = ROOT / "checks/phase2/another_authority.crt"
NO_SYSTEM = cast(System, None)
INSERT = (
    "INSERT INTO predictions (instance, sequence, request_id, predicted_at, label, confidence,"
    " known_words, model_version)"
    " VALUES ('pod/1', 1, 'my-first-row', now(), 'positive', 0.9, 3, '1')"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """The server of the phase's own tests, with the roles and the table of the lesson."""
    # its user must be able to enter the folder
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PHASE))
        patch.syspath_prepend(str(PHASE / "tests"))
        from server import Server

        made = Server(Path(folder), free_port())
        made.create()
        made.ask("REVOKE ALL ON DATABASE predictions FROM PUBLIC", database="postgres")
        made.ask("GRANT CONNECT ON DATABASE predictions TO ml_api", database="postgres")
        for file in sorted((PHASE / "sentiment/migrations").glob("*.sql")):
            made.ask(f"SET ROLE predictions_owner; {file.read_text('utf-8')}")
        made.ask(INSERT)
        yield made
        found = look(made)
        made.stop()
        # every test put back what it changed
        assert found["between"] == []
        test_security.test_rights_are_least(found, Choices())


def look(server: Any, *rows: str) -> dict[str, Any]:
    """What the script finds that the checks run in the API's pod."""
    words = [sys.executable, str(SCRIPT), AUTHORITY.read_text("utf-8"), "my-first", *rows]
    environment = server.environment("ml_api") | {"SENTIMENT_DATABASE_NAME": "predictions"}
    done = subprocess.run(
        words, env=os.environ | environment, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@contextmanager
def made(server: Any, name: str) -> Iterator[None]:
    """An impostor whose statements run on this server."""
    impostor = impostors.IMPOSTORS[name]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(impostors, "sql", lambda _, *said: [server.ask(each) for each in said])
        impostor.make(NO_SYSTEM)
        try:
            yield
        finally:
            impostor.undo(NO_SYSTEM)


def judge(name: str, found: dict[str, Any]) -> None:
    """Ask the check that the impostor must turn red."""
    check = impostors.IMPOSTORS[name].turns_red
    if check is test_security.test_rights_are_least:
        check(found, Choices())
    elif found["between"]:
        check(cast(Api, None), cast(Kubernetes, None), found)


def test_server_of_the_lesson_gives_two_rights_and_no_power(server: Any) -> None:
    found = look(server)
    assert test_security.test_rights_are_least(found, Choices()).count("on predictions") == 2
    assert found["between"] == found["powers"] == []
    assert found["who_wrote"] == ["pod"]
    assert found["recorded"] == [1, 1]
    assert found["without_tls"]
    assert found["other_authority"]
    [row] = look(server, "my-first")["rows"]
    assert row.keys() >= {"request_id", "text", "instance", *test_history.RECORDED}


@pytest.mark.parametrize(
    "name",
    [
        *("rows-doubled", "rows-half-lost", "rows-lost-by-a-rule"),
        *("may-delete", "may-change-a-column", "reads-another-table"),
        *("runs-as-the-administrator", "member-of-the-owner", "second-superuser"),
    ],
)
def test_impostor_is_seen(server: Any, name: str) -> None:
    with made(server, name), pytest.raises(Wrong):
        judge(name, look(server))


@pytest.mark.parametrize(
    ("grant", "revoke", "named"),
    [
        ("GRANT CREATE ON SCHEMA public TO ml_api", "REVOKE", "CREATE on the schema public"),
        ("GRANT USAGE ON SEQUENCE predictions_id_seq TO ml_api", "REVOKE", "predictions_id_seq"),
        ("GRANT TEMPORARY ON DATABASE predictions TO ml_api", "REVOKE", "TEMPORARY on the data"),
        ("GRANT SELECT ON predictions TO ml_api WITH GRANT OPTION", "", "granting SELECT"),
        ("GRANT pg_read_all_data TO ml_api", "REVOKE", "is a member of pg_read_all_data"),
        ("ALTER ROLE ml_api CREATEROLE", "ALTER ROLE ml_api NOCREATEROLE", "creates roles"),
        ("ALTER ROLE ml_api BYPASSRLS", "ALTER ROLE ml_api NOBYPASSRLS", "passes by row security"),
        (
            "ALTER DEFAULT PRIVILEGES GRANT UPDATE ON TABLES TO ml_api",
            "ALTER DEFAULT PRIVILEGES REVOKE UPDATE ON TABLES FROM ml_api",
            "UPDATE on what is created later",
        ),
        (
            "CREATE SCHEMA other; CREATE TABLE other.x (y int); GRANT SELECT ON other.x TO ml_api",
            "DROP SCHEMA other CASCADE",
            "SELECT on other.x",
        ),
        (
            "ALTER TABLE predictions OWNER TO ml_api",
            "ALTER TABLE predictions OWNER TO predictions_owner;"
            " REVOKE ALL ON predictions FROM ml_api; GRANT SELECT, INSERT ON predictions TO ml_api",
            "owns table predictions",
        ),
    ],
)
def test_power_beyond_two_rights_is_named(server: Any, grant: str, revoke: str, named: str) -> None:
    if revoke == "REVOKE":
        revoke = grant.replace("GRANT", "REVOKE").replace(" TO ", " FROM ")
    server.ask(grant)
    try:
        with pytest.raises(Wrong) as wrong:
            test_security.test_rights_are_least(look(server), Choices())
        assert named in wrong.value.rows["found"]
    finally:
        server.ask(revoke or "REVOKE GRANT OPTION FOR SELECT ON predictions FROM ml_api")


def test_server_without_tls_is_a_problem_with_a_reason(server: Any) -> None:
    server.ask("ALTER SYSTEM SET ssl = off")
    server.ask("SELECT pg_reload_conf()")
    try:
        for _ in range(100):
            if (found := look(server))["problem"]:
                break
    finally:
        server.ask("ALTER SYSTEM RESET ssl")
        server.ask("SELECT pg_reload_conf()")
    with pytest.raises(Wrong, match="SSL"):
        test_security.test_connection_is_secure(found)

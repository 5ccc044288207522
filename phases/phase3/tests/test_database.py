from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sentiment.database import Database
from server import ADDRESS, Authority, Patient, wait_until

WHO = "SELECT usename, ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = %s"


def ask(settings: Any, statement: str = "SELECT 1", *values: Any) -> Any:
    database = Database(settings, connections=1)
    with database.cursor() as cursor:
        cursor.execute(statement, values)
        found = cursor.fetchone()
    database.close()
    return found


# Who talks to whom


def test_the_connection_is_encrypted(server: Any) -> None:
    assert ask(server.settings(), WHO, "ml_api") == ("ml_api", True)


def test_a_server_that_another_authority_vouches_for_is_refused(
    server: Any, tmp_path: Path
) -> None:
    other = Authority(tmp_path)
    with pytest.raises(psycopg2.OperationalError, match="certificate verify failed"):
        ask(server.settings(database_ca_file=other.file))


def test_a_server_of_another_name_is_refused(server: Any) -> None:
    with pytest.raises(psycopg2.OperationalError, match='does not match host name "localhost"'):
        ask(server.settings(database_host="localhost"))


def test_without_the_certificate_of_an_authority_nothing_is_trusted(
    server: Any, tmp_path: Path
) -> None:
    with pytest.raises(psycopg2.OperationalError, match="root certificate file"):
        ask(server.settings(database_ca_file=tmp_path / "missing"))


def test_the_server_refuses_who_comes_without_encryption(server: Any) -> None:
    with pytest.raises(psycopg2.OperationalError, match="no encryption"):
        psycopg2.connect(
            host=ADDRESS,
            port=server.port,
            user="ml_api",
            password="of the API",
            dbname="predictions",
            sslmode="disable",
            connection_factory=Patient,
        )


def test_a_wrong_password_is_refused_and_not_repeated(server: Any, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("swordfish")
    with pytest.raises(psycopg2.OperationalError, match="authentication failed") as refused:
        ask(server.settings(database_password_file=tmp_path / "password"))
    assert "swordfish" not in str(refused.value)


def test_a_new_password_is_read_when_the_next_connection_opens(server: Any, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("wrong")
    database = Database(server.settings(database_password_file=file), connections=1)
    with pytest.raises(psycopg2.OperationalError), database.cursor():
        pass
    file.write_text("of the API")
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")
    database.close()


# What the API's user may do


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE predictions SET label = 'positive'",
        "DELETE FROM predictions",
        "TRUNCATE predictions",
        "DROP TABLE predictions",
        "ALTER TABLE predictions ADD COLUMN more text",
        "CREATE TABLE more (id int)",
        "SELECT * FROM migrations",
        "CREATE ROLE another",
    ],
)
def test_the_user_of_the_api_may_only_read_and_add_rows(server: Any, statement: str) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(server.settings(), statement)


def test_nobody_of_ours_is_an_administrator(server: Any) -> None:
    might = server.ask(
        "SELECT rolname FROM pg_roles WHERE rolcanlogin AND "
        "(rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)"
    )
    assert might == [("postgres",)]


# The pool


def test_a_connection_is_kept_for_the_next(server: Any) -> None:
    database = Database(server.settings(), connections=2)
    processes = set()
    for _ in range(10):
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            processes.add(cursor.fetchone())
    database.close()
    assert len(processes) == 1


def test_there_are_no_more_connections_than_allowed(server: Any) -> None:
    database = Database(server.settings(database_seconds=0.1), connections=2)
    with (
        database.cursor(),
        database.cursor(),
        pytest.raises(psycopg2.Error, match="no connection was free"),
        database.cursor(),
    ):
        pass
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")
    database.close()


def test_an_error_undoes_the_transaction_and_the_next_one_works(server: Any) -> None:
    database = Database(server.settings("predictions_owner"), connections=1)
    with pytest.raises(psycopg2.errors.DivisionByZero), database.cursor() as cursor:
        cursor.execute("CREATE TABLE half AS SELECT 1; SELECT 1 / 0")
    with database.cursor() as cursor:
        cursor.execute("SELECT to_regclass('half')")
        assert cursor.fetchone() == (None,)
    database.close()


def test_a_server_that_is_away_is_told_at_once_and_used_again_when_it_is_back(server: Any) -> None:
    database = Database(server.settings(), connections=1)
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")
    with server.stopped():
        for _ in range(3):
            with pytest.raises(psycopg2.OperationalError), database.cursor() as cursor:
                cursor.execute("SELECT 1")
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")
    database.close()


def test_connections_that_the_server_ended_while_nobody_used_them_are_not_used(server: Any) -> None:
    database = Database(server.settings(), connections=2)
    with database.cursor() as one, database.cursor() as other:
        one.execute("SELECT 1")
        other.execute("SELECT 1")
    with server.stopped():
        pass
    for _ in range(2):
        with database.cursor() as cursor:
            cursor.execute("SELECT 1")
    database.close()


@pytest.mark.parametrize("connected", [True, False])
def test_a_server_that_is_frozen_is_given_up(server: Any, connected: bool) -> None:
    database = Database(server.settings(database_seconds=1), connections=1)
    if connected:
        with database.cursor() as cursor:
            cursor.execute("SELECT 1")
    with (
        server.frozen(),
        pytest.raises(psycopg2.OperationalError, match=r"no answer within 1 s"),
        database.cursor() as cursor,
    ):
        cursor.execute("SELECT 1")
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")
    database.close()


def test_the_server_ends_what_nobody_waits_for_any_more(server: Any) -> None:
    with pytest.raises(psycopg2.Error):
        ask(server.settings(database_seconds=0.2), "SELECT pg_sleep(30)")
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%%' AND %s"
    wait_until(lambda: server.ask(asleep, True) == [(0,)])

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sentiment import migrate

Run = Callable[..., subprocess.CompletedProcess[str]]
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of migrations of the test's own."""
    monkeypatch.setattr(migrate, "MIGRATIONS", tmp_path)
    return tmp_path


def test_every_migration_is_applied_once(empty_server: Any) -> None:
    settings = empty_server.settings("predictions_owner")
    assert migrate.migrate(settings) == ["0001_predictions"]
    assert migrate.migrate(settings) == []
    assert empty_server.ask(TABLES) == [("migrations",), ("predictions",)]


def test_migrations_are_applied_in_the_order_of_their_names(empty_server: Any, files: Path) -> None:
    (files / "0002_two.sql").write_text("INSERT INTO numbers VALUES (2)")
    (files / "0001_one.sql").write_text("CREATE TEMPORARY TABLE numbers (number int)")
    settings = empty_server.settings("predictions_owner")
    assert migrate.migrate(settings) == ["0001_one", "0002_two"]


def test_a_migration_that_fails_leaves_everything_as_it_was(empty_server: Any, files: Path) -> None:
    (files / "0001_one.sql").write_text("CREATE TABLE one (number int)")
    (files / "0002_two.sql").write_text("INSERT INTO nowhere VALUES (2)")
    with pytest.raises(psycopg2.errors.UndefinedTable):
        migrate.migrate(empty_server.settings("predictions_owner"))
    assert empty_server.ask(TABLES) == []


def test_a_sign_for_a_value_in_a_migration_is_only_text(empty_server: Any, files: Path) -> None:
    (files / "0001_percent.sql").write_text("SELECT '100 %s' LIKE '100 %'")
    assert migrate.migrate(empty_server.settings("predictions_owner")) == ["0001_percent"]


def test_migrators_that_start_at_once_apply_everything_once(empty_server: Any) -> None:
    environment = os.environ | empty_server.environment("predictions_owner")
    migrators = [
        subprocess.Popen(
            [sys.executable, "-m", "sentiment.migrate"],
            cwd=Path(migrate.__file__).parent.parent,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    said = sorted(migrator.communicate(timeout=30)[0] for migrator in migrators)
    assert [migrator.returncode for migrator in migrators] == [0] * 4
    assert said == ["applied: 0001_predictions\n"] + ["nothing to apply\n"] * 3


def test_without_a_database_it_says_so_and_fails(run: Run, tmp_path: Path) -> None:
    done = run(
        "sentiment.migrate",
        SENTIMENT_DATABASE_HOST="127.0.0.1",
        SENTIMENT_DATABASE_PASSWORD_FILE=str(tmp_path / "missing"),
    )
    assert done.returncode == 1
    assert done.stderr.startswith("nothing was changed: ")
    assert "Traceback" not in done.stderr

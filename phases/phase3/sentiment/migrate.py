"""Bring the tables to the newest version: `python -m sentiment.migrate`, before the API is updated.

Every change is a file of SQL, applied once, in the order of the names. It is not a request's work:
the user that the API connects as may not change tables.
"""

import sys
from pathlib import Path

import psycopg2

from sentiment.database import Database
from sentiment.settings import Settings, get_settings

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 20_261_123  # any number, as long as everybody who migrates this database takes the same

TABLE = """
    CREATE TABLE IF NOT EXISTS migrations (
        name text PRIMARY KEY,
        applied_at timestamptz NOT NULL DEFAULT now()
    )
"""


def migrate(settings: Settings) -> list[str]:
    """Apply what is missing, all of it or nothing, and return its names.

    Whoever comes second waits until the first has committed, and finds nothing left to do.
    """
    database = Database(settings, connections=1)
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        cursor.execute(TABLE)
        cursor.execute("SELECT name FROM migrations")
        applied = {name for (name,) in cursor}
        files = [file for file in sorted(MIGRATIONS.glob("*.sql")) if file.stem not in applied]
        for file in files:
            cursor.execute(file.read_text("utf-8"))
            cursor.execute("INSERT INTO migrations (name) VALUES (%s)", (file.stem,))
    database.close()
    return [file.stem for file in files]


def main() -> None:
    try:
        names = migrate(get_settings())
    except (psycopg2.Error, OSError) as error:
        sys.exit(f"nothing was changed: {error}")
    print(f"applied: {', '.join(names)}" if names else "nothing to apply")


if __name__ == "__main__":
    main()

"""Delete the predictions that are older than they may become: `python -m sentiment.retention`."""

import sys
from datetime import timedelta

import psycopg2

from sentiment.database import Database
from sentiment.settings import Settings, get_settings

ROWS_AT_ONCE = 10_000  # so that no lock is held for long, and no statement takes too long

# Age is told by one clock, the database's: those of the API's machines may differ.
DELETE = """
    DELETE FROM predictions WHERE id IN (
        SELECT id FROM predictions WHERE predicted_at < now() - %s ORDER BY predicted_at LIMIT %s
    )
"""


def delete_old(settings: Settings) -> int:
    """Delete them, and return how many there were."""
    database = Database(settings, connections=1)
    deleted, last = 0, ROWS_AT_ONCE
    while last == ROWS_AT_ONCE:
        with database.cursor() as cursor:
            cursor.execute(DELETE, (timedelta(days=settings.keep_days), ROWS_AT_ONCE))
            last = int(cursor.rowcount)
        deleted += last
    database.close()
    return deleted


def main() -> None:
    settings = get_settings()
    try:
        deleted = delete_old(settings)
    except (psycopg2.Error, OSError) as error:
        sys.exit(f"old predictions could not be deleted: {error}")
    print(f"deleted {deleted:,} predictions older than {settings.keep_days} days")


if __name__ == "__main__":
    main()

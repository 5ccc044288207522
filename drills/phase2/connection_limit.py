"""One connection, where two are needed."""

from checks.phase2.test_history import test_history_is_answered
from checks.phase2.test_security import test_connection_is_secure
from drills.phase2._database import (
    AS_ADMINISTRATOR,
    END_SESSIONS,
    have_a_row_written,
    sql,
    wait_for_log,
)
from workbook.drills.drill import Drill, System


def break_it(system: System) -> None:
    sql(system, "ALTER ROLE ml_api CONNECTION LIMIT 1", END_SESSIONS)
    have_a_row_written(system)  # the writer has the one connection now, and keeps it


def fix(system: System) -> None:
    sql(system, "ALTER ROLE ml_api CONNECTION LIMIT -1")
    wait_for_log(system, "ok")


DRILL = Drill(
    title="The database was short of memory, so a colleague saved connections.",
    difficulty=3,
    turns_red=test_history_is_answered,
    hints=(
        "Rows are written, but cannot be read. What do writing and reading not share?",
        "The API's log has the server's message: kubectl --namespace ml-demo logs "
        "deployment/ml-api",
        "psql's \\du shows what a role may do, its number of connections too.",
    ),
    way_back=(
        "Allow the sum of the role's pools, or set no limit. Count: each\n"
        "replica may hold one connection for writing and SENTIMENT_DATABASE_CONNECTIONS for "
        "reading.\n"
        f"{AS_ADMINISTRATOR} --command 'ALTER ROLE ml_api CONNECTION LIMIT -1'"
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
    also=(test_connection_is_secure,),  # which opens a connection of its own
)

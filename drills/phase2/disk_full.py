"""What a full disk looks like on Azure: the database can be read, and takes nothing."""

from checks.phase2.test_database import test_log_reaches_database
from drills.phase2._database import (
    AS_ADMINISTRATOR,
    END_SESSIONS,
    have_a_row_refused,
    sql,
    wait_for_log,
)
from workbook.drills.drill import Drill, System

READ_ONLY = "ALTER DATABASE predictions SET default_transaction_read_only = on"
WRITABLE = "ALTER DATABASE predictions RESET default_transaction_read_only"
AGAIN = "SET default_transaction_read_only = off"  # for the administrator's own session


def break_it(system: System) -> None:
    sql(system, READ_ONLY, END_SESSIONS)
    have_a_row_refused(system)  # with nothing to write, all looks well


def fix(system: System) -> None:
    sql(system, AGAIN, WRITABLE, END_SESSIONS)
    wait_for_log(system, "ok")


DRILL = Drill(
    title="The disk is nearly full. Azure has protected the database.",
    difficulty=2,
    turns_red=test_log_reaches_database,
    hints=(
        "The history can be read. Send a prediction, and look at /health a moment later.",
        "The API's log has the database's message: kubectl --namespace ml-demo logs "
        "deployment/ml-api",
        "Azure makes a server read-only when less than 5 % or 5 GiB of its disk is free, so that "
        "it can still be saved. Here: psql's \\drds shows settings of a database.",
    ),
    way_back=(
        "On Azure: a larger disk (az postgres flexible-server update --storage-size), or fewer\n"
        "rows; it then becomes writable by itself. Here, it was only the setting:\n"
        f"{AS_ADMINISTRATOR} --command '{AGAIN}' --command '{WRITABLE}'"
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

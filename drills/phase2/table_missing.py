"""A table that was renamed under a running API."""

from checks.phase2.test_database import test_log_reaches_database
from drills.phase2._database import AS_ADMINISTRATOR, sql, wait_for_log
from workbook.drills.drill import Drill, System


def break_it(system: System) -> None:
    sql(system, "ALTER TABLE predictions RENAME TO predictions_2026")
    wait_for_log(system, "down")


def fix(system: System) -> None:
    sql(system, "ALTER TABLE IF EXISTS predictions_2026 RENAME TO predictions")
    wait_for_log(system, "ok")


DRILL = Drill(
    title="“The table has become large. I have put last year's aside.”",
    difficulty=2,
    turns_red=test_log_reaches_database,
    hints=(
        "The connection works, but the database itself refuses the query.",
        "List the tables: psql's \\dt lists the tables.",
        "The waiting rows are for a table with another name. They are not lost yet.",
    ),
    way_back=(
        "Give the table its name back; what waited is written then. Changes\n"
        "of a table belong into a migration, which is tried out before.\n"
        f"{AS_ADMINISTRATOR} --command 'ALTER TABLE predictions_2026 RENAME TO predictions'"
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

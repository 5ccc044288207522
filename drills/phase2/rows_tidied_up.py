"""Rows that were deleted by hand."""

from checks.phase2.conftest import RECORDING
from checks.phase2.test_disturbance import test_stopped_database_costs_nothing
from drills.phase2._database import AS_ADMINISTRATOR, sql
from workbook.drills.drill import Drill, System

SOME = f"starts_with(request_id, '{RECORDING}') AND sequence % 7 = 0"
BACK = "INSERT INTO predictions OVERRIDING SYSTEM VALUE SELECT * FROM doubles"


def break_it(system: System) -> None:
    sql(
        system,
        f"BEGIN; CREATE TABLE doubles AS SELECT * FROM predictions WHERE {SOME};"
        f" DELETE FROM predictions WHERE {SOME}; COMMIT",
    )


def fix(system: System) -> None:
    sql(
        system,
        "CREATE TABLE IF NOT EXISTS doubles (LIKE predictions)",  # the break was interrupted
        f"BEGIN; {BACK}; DROP TABLE doubles; COMMIT",
    )


DRILL = Drill(
    title="“There were so many equal texts in the table. I have cleaned up.”",
    difficulty=3,
    turns_red=test_stopped_database_costs_nothing,
    hints=(
        "People got more answers than there are rows. Which number shows the missing rows?",
        "SELECT instance, max(sequence) - count(*) AS missing FROM predictions GROUP BY instance",
        "psql's \\dt: is there a table that you do not know?",
    ),
    way_back=(
        "The rows were copied before they were deleted. Put them back. The\n"
        "sequence numbers made the loss visible.\n"
        f"{AS_ADMINISTRATOR} --command '{BACK}' --command 'DROP TABLE doubles'"
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

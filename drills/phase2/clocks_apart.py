"""A database that lives two hours ago."""

from checks.phase2.test_history import test_clocks_agree
from drills.phase2._database import AS_ADMINISTRATOR, sql
from workbook.drills.drill import Drill, System

SET = "ALTER TABLE predictions ALTER COLUMN written_at SET DEFAULT clock_timestamp()"


def break_it(system: System) -> None:
    # no container has a clock of its own that could be wrong, so the column tells the wrong time
    sql(system, f"{SET} - interval '2 hours'")


def fix(system: System) -> None:
    sql(system, SET)


DRILL = Drill(
    title="Since the database was moved, rows are older than their predictions.",
    difficulty=3,
    turns_red=test_clocks_agree,
    hints=(
        "Each row has two times. Which clock does each come from?",
        "Compare: SELECT predicted_at, written_at FROM predictions ORDER BY id DESC LIMIT 3",
        "In production, one of two machines has lost its time server. Here the column "
        "pretends: psql's \\d predictions shows the default of written_at.",
    ),
    way_back=(
        "In production, set the clock right (for example with chrony). Here, the default of the\n"
        "column:\n"
        f"{AS_ADMINISTRATOR} --command '{SET}'"
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

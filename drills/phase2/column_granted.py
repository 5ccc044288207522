"""A user who may change one column of a table that it may not change."""

from checks.phase2.test_security import test_rights_are_least
from drills.phase2._database import AS_ADMINISTRATOR, sql
from workbook.drills.drill import Drill, System

REVOKE = "REVOKE UPDATE (label) ON predictions FROM ml_api"


def break_it(system: System) -> None:
    sql(system, "GRANT UPDATE (label) ON predictions TO ml_api")


def fix(system: System) -> None:
    sql(system, REVOKE)


DRILL = Drill(
    title="“Labels must be corrected sometimes. I have opened that one column, and no more.”",
    difficulty=3,
    turns_red=test_rights_are_least,
    hints=(
        "Everything works, and the table's rights look as before. What else can carry a right?",
        "In psql, \\dp predictions has a separate column for rights on columns.",
        "Under “Column privileges”, label shows ml_api=w: w is UPDATE. The API could now change "
        "what it has answered.",
    ),
    way_back=(
        "Take the right away. A correction is a new row, or an update by a\n"
        f"user of its own:\n{AS_ADMINISTRATOR} --command '{REVOKE}'"
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

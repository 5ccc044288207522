"""A user who may do more than it needs."""

from checks.phase2.test_security import test_rights_are_least
from drills.phase2._database import AS_ADMINISTRATOR, sql
from workbook.drills.drill import Drill, System

REVOKE = "REVOKE UPDATE, DELETE ON predictions FROM ml_api"


def break_it(system: System) -> None:
    sql(system, "GRANT UPDATE, DELETE ON predictions TO ml_api")


def fix(system: System) -> None:
    sql(system, REVOKE)


DRILL = Drill(
    title="“It did not work, so I have given it all rights. Now it works.”",
    difficulty=1,
    turns_red=test_rights_are_least,
    hints=(
        "Everything works. What could the API do now that it could not do before?",
        "psql's \\dp predictions lists who may do what with the table: a is INSERT, r is SELECT",
        "ml_api=arwd: w is UPDATE, d is DELETE.",
    ),
    way_back=(f"Revoke the two rights:\n{AS_ADMINISTRATOR} --command '{REVOKE}'"),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

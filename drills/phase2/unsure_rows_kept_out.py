"""A trigger that keeps rows out of the table, and lets the log believe that all is well."""

from checks.phase2.test_history import test_prediction_is_logged
from drills.phase2._database import AS_ADMINISTRATOR, sql
from workbook.drills.drill import Drill, System

KEEP_OUT = """
CREATE FUNCTION keep_out_unsure() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
    IF NEW.confidence < 0.7 THEN RETURN NULL; END IF;
    RETURN NEW;
END$$
"""
TRIGGER = (
    "CREATE TRIGGER keep_out_unsure BEFORE INSERT ON predictions "
    "FOR EACH ROW EXECUTE FUNCTION keep_out_unsure()"
)


def break_it(system: System) -> None:
    sql(system, KEEP_OUT, TRIGGER)


def fix(system: System) -> None:
    sql(
        system,
        "DROP TRIGGER IF EXISTS keep_out_unsure ON predictions",
        "DROP FUNCTION IF EXISTS keep_out_unsure",
    )


DRILL = Drill(
    title="“Unsure answers only fill the table. I have done something about it.”",
    difficulty=2,
    turns_red=test_prediction_is_logged,
    hints=(
        "The log reports no error, and no row waits. Are all rows in the table?",
        "Send a text of unknown words, and look for it in the history.",
        "psql's \\d predictions shows what runs when a row is written.",
    ),
    way_back=(
        "Drop the trigger. The rows that it kept out are lost. To keep fewer rows, shorten\n"
        "the retention period, which everyone can read:\n"
        f"{AS_ADMINISTRATOR} --command 'DROP TRIGGER keep_out_unsure ON predictions'"
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

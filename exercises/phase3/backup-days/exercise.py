"""A variable that refuses what Azure would refuse later."""

from workbook.exercises.exercise import Attempt, Exercise
from workbook.exercises.terraform import refused_values

VALUES = {  # whether each is right, and why
    "7": (True, "7 days are the least that Azure takes"),
    "35": (True, "35 days are the most that Azure takes"),
    "30": (True, "30 is between 7 and 35"),
    "6": (False, "Azure keeps backups for 7 days or more"),
    "36": (False, "Azure keeps backups for 35 days or less"),
    "7.5": (False, "a number of days is whole: `floor` rounds a number down"),
    "0": (False, "0 is less than 7"),
    "-7": (False, "-7 is less than 7"),
}


def judge(attempt: Attempt) -> str:
    refused = refused_values(attempt, "backup_days", [*VALUES])
    for value, (is_right, why) in VALUES.items():
        if is_right == (value in refused):
            said = ("refused", "accepted")
            raise attempt.wrong(
                expected=f"backup_days = {value}: {said[is_right]}",
                found=said[not is_right],
                why=why,
            )
    return f"right for {len(VALUES)} values"


EXERCISE = Exercise(
    title="A value that is refused early",
    goal=(
        "Azure keeps the backups of a database for 7 to 35 days. A wrong number should be refused "
        "at once and by its name, before Terraform asks a provider. Give the variable "
        "`backup_days` a `validation` that accepts whole numbers from 7 to 35, and refuses all "
        "others with a sentence."
    ),
    file="variables.tf",
    minutes=5,
    hints=(
        "Look at `validation` in `phases/phase3/terraform/local/variables.tf`: it has a condition "
        "and an error_message.",
        "`&&` is true if both sides are. Two comparisons say that a number is between two others.",
        "A whole number stays the same when it is rounded down: `floor(var.backup_days) == "
        "var.backup_days`",
    ),
    judge=judge,
    wrong={
        "either-side": "backup_days = 6: refused",
        "not-whole": "a number of days is whole",
        "whole-weeks": "30 is between 7 and 35",
        "without-the-ends": "7 days are the least",
        "no-sentence": "error_message",
    },
)

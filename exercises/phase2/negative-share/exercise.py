"""The share of negative answers, by model version."""

from workbook.exercises.exercise import Attempt, Exercise
from workbook.exercises.sql import rows

ROWS = (  # model version, label, age
    ("1", "negative", "25 hours"),
    ("2", "negative", "24 hours 1 minute"),
    ("2", "negative", "24 hours 1 minute"),
    ("2", "negative", "23 hours 59 minutes"),
    ("2", "positive", "12 hours"),
    ("2", "positive", "1 hour"),
    ("2", "positive", "1 second"),
    ("3", "positive", "2 hours"),
    ("3", "positive", "1 hour"),
)
SHARES = {"2": 0.25, "3": 0.0}
WHY = {
    "1": "version 1 answered nothing in the last 24 hours: its rows are older",
    "2": "version 2 answered 4 times in the last 24 hours, once with negative. Two of its rows "
    "are one minute too old, and one is a minute younger than a day. A whole number divided by "
    "a whole number is a whole number in SQL: 1 / 4 is 0",
    "3": "version 3 answered twice, never with negative: that is a share of 0, and a row",
}


def judge(attempt: Attempt) -> str:
    values = ", ".join(
        f"({number}, '{version}', '{label}', now() - interval '{age}')"
        for number, (version, label, age) in enumerate(ROWS, 1)
    )
    columns = "id, model_version, label, predicted_at"
    table = f"SELECT * FROM (VALUES {values}) AS made_up ({columns})"
    [found] = rows(attempt, {"predictions": table})
    if not all({"model_version", "negative_share"} <= row.keys() for row in found):
        raise attempt.wrong(
            expected="the columns model_version and negative_share",
            found=", ".join(found[0]),
            why="`AS` gives a column its name",
        )
    shares = {row["model_version"]: row["negative_share"] for row in found}
    for version, why in WHY.items():
        expected, share = SHARES.get(version), shares.get(version)
        if not _is_near(share, expected):
            raise attempt.wrong(
                expected=f"version {version}: {_words(expected)}",
                found=f"{_words(share)}, on rows that the judge made up",
                why=why,
            )
    if len(found) != len(SHARES):
        raise attempt.wrong(
            expected=f"{len(SHARES)} rows: one for each version",
            found=f"{len(found)} rows, on rows that the judge made up",
            why="`GROUP BY` decides how many rows come out",
        )
    return f"right for {len(ROWS)} made-up rows"


def _is_near(share: object, expected: float | None) -> bool:
    if expected is None or not isinstance(share, int | float) or isinstance(share, bool):
        return share is expected
    return abs(share - expected) < 0.005


def _words(share: object) -> str:
    return "no row" if share is None else f"{share}"


EXERCISE = Exercise(
    title="The share of negative answers",
    goal=(
        "A new version of the model is out. Does it judge more harshly? Write one query that "
        "returns a row for each `model_version` of the last 24 hours. Its column `negative_share` "
        "is the share of its answers that were `negative`, from 0 to 1. The judge runs the query "
        "in your database, read-only, on a table `predictions` that it makes up."
    ),
    file="negative_share.sql",
    minutes=10,
    hints=(
        "`GROUP BY model_version` makes one row of all rows of a version.",
        "The share is an average: `avg((label = 'negative')::int)`, or `count(*) FILTER (WHERE "
        "...)` divided by `count(*)`, of which one must be no whole number.",
        "Which rows count? `WHERE predicted_at >= now() - interval '24 hours'`. Do not leave out "
        "the positive ones: they are the rest of the share.",
    ),
    judge=judge,
    wrong={
        "named-answer": "`AS` gives a column its name",
        "of-all-time": "its rows are older",
        "whole-numbers": "1 / 4 is 0",
        "negative-only": "once with negative",
        "deletes": "syntax error",
    },
)

"""The next page of the history."""

from typing import Any

from workbook.exercises.exercise import Attempt, Exercise
from workbook.exercises.sql import rows

PREDICTIONS = {  # the second of each row's time, by id; some rows have the same time
    11: 50, 12: 40, 13: 30, 14: 30, 15: 30, 16: 20, 17: 20, 18: 10, 19: 40,
}  # fmt: skip
CASES = {  # the ids of the next page, by the id of the last row seen
    11: (
        [19, 12, 15],
        "the newest of the older rows come next. Rows 19 and 12 have the same time: the larger id "
        "comes first",
    ),
    14: ([13, 17, 16], "row 13 has the same time as row 14, and a smaller id: it comes next"),
    16: ([18], "one row is left"),
    18: ([], "row 18 is the oldest: no row is left"),
}


def judge(attempt: Attempt) -> str:
    values = ", ".join(f"({id_}, {_time(s)}, 'positive')" for id_, s in PREDICTIONS.items())
    columns = "id, predicted_at, label"
    table = f"SELECT * FROM (VALUES {values}) AS made_up ({columns})"
    cases = [
        {
            "predictions": table,
            "last_seen": f"SELECT {last} AS id, {_time(PREDICTIONS[last])} AS predicted_at",
        }
        for last in CASES
    ]
    for found, (last, (expected, why)) in zip(rows(attempt, *cases), CASES.items(), strict=True):
        if not all("id" in row for row in found):
            raise attempt.wrong(
                expected="the column id",
                found=", ".join(found[0]) or "no column",
                why="a reader asks for the next page by the id",
            )
        ids = [row["id"] for row in found]
        if ids != expected:
            raise attempt.wrong(
                expected=f"after row {last}: the ids {_words(expected)}",
                found=_words(ids),
                why=why,
            )
    return f"right after {len(CASES)} rows"


def _time(second: int) -> str:
    return f"timestamptz '2026-11-23 12:00:{second}+00'"


def _words(ids: list[Any]) -> str:
    return ", ".join(map(str, ids)) or "none"


EXERCISE = Exercise(
    title="The next page",
    goal=(
        "A reader of the history has seen some rows, the newest first. The table `last_seen` has "
        "one row, with `predicted_at` and `id` of the last one. Write one query that returns the "
        "`id` of the next 3 rows, in the same order. Several rows may have the same "
        "`predicted_at`: no row may be left out, and none shown twice. The judge makes up both "
        "tables."
    ),
    file="next_page.sql",
    minutes=10,
    hints=(
        "Look at `PAGE` in `phases/phase2/sentiment/history.py`.",
        "PostgreSQL compares rows from left to right: `(1, 5) < (2, 0)` and `(2, 0) < (2, 1)`.",
        "`WHERE (predicted_at, id) < (SELECT predicted_at, id FROM last_seen)`, then the same two "
        "columns in ORDER BY, both with DESC.",
    ),
    judge=judge,
    wrong={
        "named-answer": "the column id",
        "by-time-only": "row 13 has the same time as row 14",
        "by-id-only": "the newest of the older rows",
        "ties-in-any-order": "the larger id comes first",
        "sleeps": "statement timeout",
    },
)

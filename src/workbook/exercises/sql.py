"""Judges of SQL: the learner's query runs in their own database, on rows that the judge made up."""

import re
from pathlib import Path
from typing import Any

from workbook.checks.inside import ask_pod
from workbook.exercises.exercise import Attempt
from workbook.outcome import NotStarted, Unknown

SCRIPT = Path(__file__).with_name("rows_from_the_pod.py")
MOST_ROWS = 100
AT_THE_END = re.compile(r"(\s|;|(?<=;)[ \t]*--[^\n]*|^[ \t]*--[^\n]*)+\Z", re.MULTILINE)


Row = dict[str, Any]


def rows(attempt: Attempt, *cases: dict[str, str]) -> list[list[Row]]:
    """The rows of the learner's query in each case, on tables that exist for this query only.

    A table of the same name in the database is hidden by it.

    Args:
        attempt: the learner's: one query.
        cases: for each case, the query that each table's rows come from.

    Raises:
        Wrong: PostgreSQL refuses the query.
        Finding: the database cannot be asked.
    """
    befores = [_before(tables) for tables in cases]
    text = AT_THE_END.sub("", attempt.text)
    after = f"\n) AS answer LIMIT {MOST_ROWS}) AS workbook_answer"
    queries = [f"{before}{text}{after}" for before in befores]
    found = ask_pod(attempt.cluster, SCRIPT, *queries)
    if "not yet" in found:
        raise NotStarted(f"the API has no database yet: ./workbook lab {attempt.phase.number}")
    if "unreachable" in found:
        raise Unknown(f"the database does not answer: {found['unreachable']}")
    if "problem" in found:
        line = queries[0].count("\n", 0, found["position"]) - befores[0].count("\n") + 1
        where = f"line {line}: " if found["position"] and line > 0 else ""
        raise attempt.wrong(
            expected="one query that PostgreSQL accepts",
            found=f"{where}{found['problem']}",
            why="it ran as the API's user, in a read-only transaction of 3 seconds at most",
        )
    answers: list[list[Row]] = found["rows"]
    return answers


def _before(tables: dict[str, str]) -> str:
    """What stands before the learner's query: tables that are made up.

    With `.*`, the name means the row, also where the learner's query has a column of that name.
    """
    made_up = ",\n".join(f"{name} AS ({query})" for name, query in tables.items())
    as_json = "coalesce(json_agg(workbook_answer.*), '[]')"
    return f"WITH {made_up}\nSELECT {as_json} FROM (SELECT * FROM (\n"

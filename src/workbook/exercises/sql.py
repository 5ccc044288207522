"""Judges of SQL: the learner's query runs in their own database, on rows that the judge made up."""

import re
from pathlib import Path
from typing import Any

from workbook.checks.inside import ask_pod
from workbook.exercises.exercise import Attempt
from workbook.exercises.kubernetes import cluster_of
from workbook.outcome import Unknown

SCRIPT = Path(__file__).with_name("rows_from_the_pod.py")
MOST_ROWS = 100
AT_THE_END = re.compile(r"(\s|;|(?<=;)[ \t]*--[^\n]*|^[ \t]*--[^\n]*)+\Z", re.MULTILINE)


def rows(attempt: Attempt, **tables: str) -> list[dict[str, Any]]:
    """The rows of the learner's query, on tables that exist for this query only.

    A table of the same name in the database is hidden by it.

    Args:
        attempt: the learner's: one query.
        tables: the query that each table's rows come from.

    Raises:
        Wrong: PostgreSQL refuses the query.
        Finding: the database cannot be asked.
    """
    made_up = ",\n".join(f"{name} AS ({query})" for name, query in tables.items())
    before = f"WITH {made_up}\nSELECT coalesce(json_agg(answer), '[]') FROM (SELECT * FROM (\n"
    query = f"{before}{AT_THE_END.sub('', attempt.text)}\n) AS answer LIMIT {MOST_ROWS}) AS answer"
    found = ask_pod(cluster_of(attempt), SCRIPT, query)
    if "unreachable" in found:
        raise Unknown(f"the database does not answer: {found['unreachable']}")
    if "problem" in found:
        line = query[: found["position"]].count("\n") - before.count("\n") + 1
        where = f"line {line}: " if found["position"] and line > 0 else ""
        raise attempt.wrong(
            expected="one query that PostgreSQL accepts",
            found=f"{where}{found['problem']}",
            why="it ran as the API's user, in a read-only transaction of 3 seconds at most",
        )
    answer: list[dict[str, Any]] = found["rows"]
    return answer

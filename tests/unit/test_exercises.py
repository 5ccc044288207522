"""Exercises: each judge is proved as far as that needs no cluster, and no file stops one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import pytest
from copies import ROOT, free_port
from exercising import EXERCISES, attempts, prove_solution, prove_start, prove_wrong
from stub_api import StubApi

from workbook.course.phase import Phase, phases
from workbook.exercises import exercise, sql
from workbook.exercises.exercise import Exercises
from workbook.lessons.your_turn import with_exercises
from workbook.outcome import Outcome
from workbook.site import mkdocs_hook

REFUSED_BY_A_REAL_ONE = {("second-service", "misspelt"), ("canary", "plain-yes")}
each_exercise = pytest.mark.parametrize(("number", "name"), EXERCISES)
HERE = [(number, name) for number, name in EXERCISES if number != 3]  # 3 is in tests/terraform


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """PostgreSQL, with the table and the users of lesson 2."""
    phase = ROOT / "phases/phase2"
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(phase))
        patch.syspath_prepend(str(phase / "tests"))
        from server import Server

        made = Server(Path(folder), free_port())
        made.create()
        for file in sorted((phase / "sentiment/migrations").glob("*.sql")):
            made.ask(f"SET ROLE predictions_owner; {file.read_text('utf-8')}")
        yield made
        made.stop()


@pytest.fixture
def exercises(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, number: int
) -> Exercises:
    """The exercises of a phase, whose judges ask a stub of the API server and a real PostgreSQL."""
    stub = StubApi(ROOT / "phases/phase1/k8s/base/deployment.yaml")
    monkeypatch.setattr(exercise, "open_cluster", lambda home, target: stub)
    if number == 2:
        server = request.getfixturevalue("postgres")
        monkeypatch.setattr(
            sql, "ask_pod", lambda _, script, *queries: ask(server, script, *queries)
        )
    return Exercises(Phase(number, ROOT, "local"))


def ask(server: Any, script: Path, *queries: str) -> Any:
    """Run the judge's script as the pod would."""
    environment = server.environment("ml_api") | {"SENTIMENT_DATABASE_NAME": "predictions"}
    done = subprocess.run(
        [sys.executable, script, *queries],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@each_exercise
def test_an_exercise_has_what_it_needs(number: int, name: str) -> None:
    exercises = Exercises(Phase(number, ROOT, "local"))
    exercise = exercises.load(name)
    assert len(exercise.hints) == len(set(exercise.hints)) >= 3
    assert 5 <= exercise.minutes <= 10
    assert len(exercise.wrong) >= 2
    folder = exercises.start(name).parents[1]
    assert {path.name for path in (folder / "wrong").iterdir()} == set(exercise.wrong)
    files = [exercises.wrong(name, attempt) for attempt in exercise.wrong]
    for file in (exercises.start(name), exercises.solution(name), *files):
        assert file.is_file()


@pytest.mark.parametrize("phase", phases(ROOT, "local"), ids=lambda phase: phase.name)
def test_a_lesson_has_two_exercises_and_shows_them(phase: Phase) -> None:
    names = Exercises(phase).names()
    assert len(names) == 2
    text = phase.lesson.read_text(encoding="utf-8")
    assert with_exercises(text, phase) == text, "Run: python -m workbook.lessons.notebook"
    assert all(f"`./workbook exercise {phase.number} {name}`" in text for name in names)


@pytest.mark.parametrize(("number", "name"), HERE)
def test_the_start_is_red(exercises: Exercises, number: int, name: str, tmp_path: Path) -> None:
    prove_start(exercises, name, tmp_path)


@pytest.mark.parametrize(("number", "name"), HERE)
def test_the_solution_is_green(exercises: Exercises, number: int, name: str) -> None:
    prove_solution(exercises, name)


@pytest.mark.parametrize(
    ("number", "name", "attempt"),
    [
        (number, name, attempt)
        for number, name in HERE
        for attempt in attempts(number, name)
        if (name, attempt) not in REFUSED_BY_A_REAL_ONE
    ],
)
def test_a_wrong_attempt_is_red_and_says_why(
    exercises: Exercises, number: int, name: str, attempt: str
) -> None:
    prove_wrong(exercises, name, attempt)


@pytest.mark.parametrize("phase", phases(ROOT, "local"), ids=lambda phase: phase.name)
def test_solutions_are_folded_in_the_notebook_and_on_the_site(phase: Phase) -> None:
    cells = nbformat.read(phase.notebook, as_version=4).cells
    [cell] = [each for each in cells if "## Your turn" in each.source]
    assert cell.cell_type == "markdown"
    assert cell.source.count("<details><summary>The solution</summary>") == 2
    assert cell.source.count("</details>") == 2
    page = str(mkdocs_hook._lesson(phase)[f"{phase.name}.md"])
    assert page.count('\n??? question "The solution"\n\n    ```') == 2
    assert "<details>" not in page


def test_the_site_lists_the_exercises_with_links_to_their_lesson() -> None:
    listed = mkdocs_hook._exercises(Phase(1, ROOT, "local"))
    link = "[A second Service](../lessons/phase1.md#a-second-service)"
    assert f"| {link} | 5 | `./workbook exercise 1 second-service` |" in listed


PAGE = (
    "SELECT id FROM predictions WHERE (predicted_at, id) < (SELECT predicted_at, id FROM last_seen)"
    " ORDER BY predicted_at DESC, id DESC LIMIT 3"
)
INSERT = (
    "INSERT INTO predictions (instance, sequence, request_id, predicted_at, label, confidence,"
    " known_words, model_version) VALUES ('pod', 1, 'a', now(), 'positive', 0.9, 3, '1')"
)
ESCAPE = "SELECT 1) AS a) AS b; {}; SELECT '[]'::json FROM (SELECT * FROM (SELECT 1"


@pytest.mark.parametrize("number", [2])
@pytest.mark.parametrize(
    "query",
    [
        f"-- the next page\n{PAGE};\n",
        f"{PAGE} ; -- done\n-- and done\n",
        f"WITH page AS ({PAGE}) SELECT * FROM page",
        f"WITH page AS ({PAGE}) SELECT id, 1 AS answer, 2 AS workbook_answer FROM page",
        f"/* with {{braces}} and 100 % */ {PAGE}",
    ],
)
def test_query_may_be_written_in_many_ways(
    exercises: Exercises, number: int, query: str, tmp_path: Path
) -> None:
    file = tmp_path / "next_page.sql"
    file.write_text(query)
    result = exercises.judge_file("next-page", file)
    assert result.outcome is Outcome.PASSED, result.rows


@pytest.mark.parametrize("number", [2])
@pytest.mark.parametrize(
    "query",
    [
        INSERT,
        ESCAPE.format(INSERT),
        ESCAPE.format(f"COMMIT; {INSERT}"),
        ESCAPE.format(f"SET TRANSACTION READ WRITE; {INSERT}"),
        ESCAPE.format(f"SET transaction_read_only = off; {INSERT}"),
        "SELECT id FROM predictions, set_config('transaction_read_only', 'off', true)",
    ],
)
def test_query_changes_nothing(
    exercises: Exercises, postgres: Any, number: int, query: str, tmp_path: Path
) -> None:
    file = tmp_path / "next_page.sql"
    file.write_text(query)
    assert exercises.judge_file("next-page", file).outcome is Outcome.WRONG
    assert postgres.ask("SELECT count(*) FROM predictions") == [(0,)]


@pytest.mark.parametrize("number", [4])
@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ('error: no matches for kind "HTTPRoute" in version "v1"', Outcome.NOT_STARTED),
        ('namespaces "ml-demo" not found', Outcome.NOT_STARTED),
        ("The connection to the server 127.0.0.1:1 was refused", Outcome.WRONG),
        ("net/http: request canceled (Client.Timeout exceeded)", Outcome.UNKNOWN),
        ('error: no matches for kind "HTTPRuote" in version "v1"', Outcome.WRONG),
    ],
)
def test_cluster_that_is_not_that_far_is_no_fault_of_the_file(
    exercises: Exercises, monkeypatch: pytest.MonkeyPatch, number: int, said: str, outcome: Outcome
) -> None:
    refused = subprocess.CompletedProcess(["kubectl"], 1, "", said)
    monkeypatch.setattr(StubApi, "run", lambda *words: refused)
    result = exercises.judge_file("canary", exercises.solution("canary"))
    assert result.outcome is outcome


@pytest.mark.parametrize("number", [2])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [({"not yet": True}, Outcome.NOT_STARTED), ({"unreachable": "refused"}, Outcome.UNKNOWN)],
)
def test_database_that_is_not_there_is_no_fault_of_the_query(
    exercises: Exercises,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    answer: dict[str, object],
    outcome: Outcome,
) -> None:
    monkeypatch.setattr(sql, "ask_pod", lambda *words: answer)
    assert exercises.judge_file("next-page", exercises.solution("next-page")).outcome is outcome


@pytest.mark.parametrize("number", [0])
@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("while True:\n        text = text * 2", "line 3: MemoryError"),
        ("import os; os._exit(0)", "it ended and gave no reason"),
        ("print(text * 10_000); raise SystemExit", "it ended and gave no reason"),
        ("return None", "'None'"),
        ("return [text] * 10**5", "..."),
    ],
)
def test_python_that_goes_wrong_is_reported(
    exercises: Exercises, number: int, code: str, found: str, tmp_path: Path
) -> None:
    file = tmp_path / "deciding_word.py"
    file.write_text(f"def deciding_word(probability, text):\n    {code}\n")
    result = exercises.judge_file("deciding-word", file)
    assert result.outcome is Outcome.WRONG
    assert found in result.rows["found"]
    assert len(result.rows["found"]) < 1_000

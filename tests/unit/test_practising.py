"""The verb `exercise`: begin, judge, hint, solution, reset, and files that cannot be judged."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from workbook.cli import app
from workbook.course.phase import Phase
from workbook.errors import WorkbookError
from workbook.exercises.exercise import LARGEST, Exercises, Unreadable
from workbook.exercises.routing import Request, backends

EXERCISE = """\
from workbook.exercises.exercise import Exercise


def judge(attempt):
    if "right" not in attempt.text:
        raise attempt.wrong(expected="the word right", found=attempt.text, why="it is the goal")
    return "the word is there"


EXERCISE = Exercise(
    title="A word",
    goal="Write the word.",
    file="word.txt",
    minutes=5,
    hints=("Which word?", "It has five letters"),
    judge=judge,
    wrong={},
)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workbook with one phase, which has one exercise."""
    folder = tmp_path / "exercises/phase0/a-word"
    for name, content in {
        "exercise.py": EXERCISE,
        "start/word.txt": "?\n",
        "solution/word.txt": "right\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (tmp_path / "phases/phase0").mkdir(parents=True)
    (tmp_path / "phases/phase0/README.md").write_text("# Phase 0: words\n")
    monkeypatch.setenv("WORKBOOK_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def mine(home: Path) -> Path:
    """The learner's file, as it is at first."""
    assert exercise().exit_code == 0
    return home / "exercises/phase0/a-word/mine/word.txt"


def exercise(*words: str, name: str = "a-word") -> Result:
    return CliRunner().invoke(app, ["exercise", "0", *([name] if name else []), *words])


def test_first_call_gives_the_file_and_says_the_goal(home: Path) -> None:
    assert "not begun" in exercise(name="").output
    said = exercise().output
    assert "Write the word." in said
    assert "exercises/phase0/a-word/mine/word.txt" in said
    assert (home / "exercises/phase0/a-word/mine/word.txt").read_text() == "?\n"
    assert "A word, 5 minutes: begun" in exercise(name="").output


def test_next_calls_judge_the_file(mine: Path) -> None:
    assert exercise().exit_code == 10
    mine.write_text("wrong\n")
    judged = exercise()
    assert judged.exit_code == 1
    for words in ("✘ A word", "expected  the word right", "found     wrong", "why       it is"):
        assert words in judged.output
    mine.write_text("right\n")
    judged = exercise()
    assert judged.exit_code == 0
    assert "✔ A word" in judged.output
    assert "without a hint" in exercise(name="").output


def test_hints_come_one_at_a_time_and_are_counted(mine: Path) -> None:
    assert exercise("--hint").output == "Hint 1 of 2: Which word?\n"
    assert "Hint 2 of 2" in exercise("--hint").output
    last = exercise("--hint").output
    assert "Hint 2 of 2" in last
    assert "--solution" in last
    mine.write_text("right")
    exercise()
    assert "with 2 hints" in exercise(name="").output


def test_phase_without_exercises_asks_for_none(home: Path) -> None:
    assert "Begin one: ./workbook exercise 0 NAME" in exercise(name="").output
    shutil.rmtree(home / "exercises")
    assert exercise(name="").output == "This phase has no exercises yet.\n"


def test_solution_counts_only_before_the_exercise_is_passed(home: Path, mine: Path) -> None:
    exercises = Exercises(Phase(0, home, "local"))
    mine.write_text("right")
    exercise()
    assert exercise("--solution").output == "right\n"
    assert not exercises.record("a-word").solution_seen
    exercise("--reset")
    exercise("--solution")
    mine.write_text("right")
    exercise()
    assert "without a hint and the solution" in exercise(name="").output


def test_reset_keeps_every_old_file(mine: Path) -> None:
    for text in ("first", "second"):
        mine.write_text(text)
        assert exercise("--reset").exit_code == 0
        assert mine.read_text() == "?\n"
    kept = [mine.with_name(f"word.txt.before-{number}").read_text() for number in (1, 2)]
    assert kept == ["first", "second"]


def test_first_call_after_an_interrupted_one_loses_nothing(home: Path) -> None:
    """The file is copied in one step: what an interrupted copy leaves is in nobody's way."""
    folder = home / "exercises/phase0/a-word/mine"
    folder.mkdir()
    (folder / "word.txt.123").write_text("")
    assert "Write the word." in exercise().output
    assert (folder / "word.txt").read_text() == "?\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"a" * (LARGEST + 1), "10,001 bytes"),
        (b"right\0", "NUL"),
        (b"\x89PNG\r\n\x1a\n\x00", "NUL"),
        (b"one\ntwo caf\xe9", "see line 2"),
    ],
)
def test_file_that_is_no_text_is_refused(mine: Path, content: bytes, reason: str) -> None:
    mine.write_bytes(content)
    refused = exercise()
    assert isinstance(refused.exception, Unreadable)
    assert reason in str(refused.exception)


def test_folder_in_place_of_the_file_is_refused(mine: Path) -> None:
    mine.unlink()
    mine.mkdir()
    assert "is not a file" in str(exercise().exception)
    assert exercise("--reset").exit_code == 0
    assert mine.read_text() == "?\n"


def test_file_that_was_deleted_is_given_again(mine: Path) -> None:
    mine.unlink()
    assert "Write the word." in exercise().output
    assert mine.exists()


@pytest.mark.parametrize(
    ("name", "words", "reason"),
    [
        ("another", [], "Its exercises: a-word"),
        ("../../etc", [], "Its exercises: a-word"),
        ("", ["--hint"], "Name the exercise"),
        ("a-word", ["--hint", "--solution"], "Choose one"),
    ],
)
def test_what_cannot_be_done_is_said(home: Path, name: str, words: list[str], reason: str) -> None:
    refused = exercise(*words, name=name)
    assert isinstance(refused.exception, WorkbookError)
    assert reason in str(refused.exception)


def rule(backend: str, *matches: dict[str, object]) -> dict[str, object]:
    return {"matches": [*matches], "backendRefs": [{"name": backend, "port": 80}]}


def path(kind: str, value: str) -> dict[str, object]:
    return {"path": {"type": kind, "value": value}}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request("/a"), "exact"),
        (Request("/a/b"), "long"),
        (Request("/a/bc"), "short"),
        (Request("/z"), "rest"),
        (Request("/z", "POST"), "post"),
        (Request("/z", "POST", {"x-one": "1"}), "one"),
        (Request("/z", "POST", {"X-One": "1", "X-Two": "2"}), "two"),
        (Request("/z", "POST", {"X-One": "2"}), "post"),
        (Request("/z12"), "pattern"),
    ],
)
def test_most_specific_rule_of_a_route_counts(request_: Request, expected: str) -> None:
    one = {"name": "X-One", "value": "1"}
    two = {"name": "X-Two", "type": "RegularExpression", "value": "[2]"}
    post = {**path("PathPrefix", "/"), "method": "POST"}
    rules = [
        rule("rest", path("PathPrefix", "/")),
        rule("later", path("PathPrefix", "/")),
        rule("post", post),
        rule("one", {**post, "headers": [one]}),
        rule("two", {**post, "headers": [one, two]}),
        rule("short", path("PathPrefix", "/a")),
        rule("long", path("PathPrefix", "/a/b/")),
        rule("exact", path("Exact", "/a")),
        rule("pattern", path("RegularExpression", "/z[0-9]+")),
    ]
    assert backends({"spec": {"rules": rules}}, request_) == [f"{expected}:80"]


def test_request_that_no_rule_fits_goes_nowhere() -> None:
    routes = {"spec": {"rules": [rule("a", path("Exact", "/a"), path("PathPrefix", "/b"))]}}
    assert backends(routes, Request("/bc")) == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_judge_loses_nothing(home: Path, mine: Path, sent: signal.Signals) -> None:
    mine.write_text("right")
    begun = home / "begun"
    file = home / "exercises/phase0/a-word/exercise.py"
    waits = (
        f"    from pathlib import Path; Path({str(begun)!r}).touch(); import time; time.sleep(60)"
    )
    text = file.read_text()
    file.write_text(text.replace("def judge(attempt):", f"def judge(attempt):\n{waits}"))
    command = [sys.executable, "-m", "workbook", "exercise", "0", "a-word"]
    judging = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not begun.exists():
        assert judging.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    judging.send_signal(sent)
    _, said = judging.communicate(timeout=30)
    assert "Traceback" not in said
    assert mine.read_text() == "right"
    file.write_text(text)
    assert "✔ A word" in exercise().output

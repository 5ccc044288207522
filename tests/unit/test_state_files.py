"""What is kept in .workbook: a file that does not fit is set aside with a sentence."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from copies import clean_environment, cli_of, copy_workbook
from fake_cluster import RECORD
from typer.testing import CliRunner

from workbook.checks.check import Checked, Result
from workbook.cli import app
from workbook.errors import WorkbookError
from workbook.exercises.exercise import Record
from workbook.learner.background import Program, _Remembered
from workbook.learner.choices import Choices
from workbook.learner.drills import Ended, UnderWay
from workbook.learner.drills import _Record as _Ended
from workbook.learner.runs import Run, Section
from workbook.learner.store import LARGEST, read_state, write_json
from workbook.measure.load import Load, Moment
from workbook.measure.traffic import Traffic
from workbook.outcome import Outcome
from workbook.targets.kubernetes import Facts

NOW = "2026-11-27T12:00:00Z"
# Every file: where it is, what fits, its model, and the verbs that read it.
PROGRAM = Program(1, 0.5, ["uvicorn"], "/", "/log", "a cell")
FACTS = Facts({"pod": "set"}, ["10.0.0.1:80"])
RESULT = Result("test_it", "It works", Outcome.PASSED, 0.5, "a note", {"found": "it"})
MOMENT = Moment(0.5, 2, 2, None, 30, 12.5, 0)
FILES = {
    "choices.json": (Choices(port=8123), Choices, ("status", "env", "use local", "cost 1")),
    "local/cluster.json": (RECORD, None, ("status", "env", "down --yes", "receipt 0")),
    "local/phase0/answers.json": (
        {"swing-word": "not"},
        dict[str, str],
        ("answer 0 swing-word food", "drill 0 answers-of-another-model"),
    ),
    "local/phase1/answered-on.json": (
        {"most-pods": "an authority"},
        dict[str, str],
        ("answer 1 most-pods 3",),
    ),
    "local/phase0/checks.json": (Checked(NOW, [RESULT]), Checked, ("status", "receipt 0")),
    "local/phase0/run.json": (Run(NOW, 1.5, [Section("a", 1)], True), Run, ("receipt 0",)),
    "local/phase0/drill.json": (
        UnderWay("stale-process", 1),
        UnderWay,
        ("status", "drill 0", "drill 0 --hint", "drill 0 --fix", "reset 0 --yes"),
    ),
    "local/phase0/drills-ended.json": (
        _Ended([Ended("stale-process", NOW, NOW, 2, by_hand=True)]),
        _Ended,
        ("status", "drill 0", "receipt 0"),
    ),
    "local/phase0/exercises/deciding-word.json": (
        Record(NOW, hints=1, tries=2, passed=NOW),
        Record,
        ("exercise 0", "exercise 0 deciding-word --hint", "status"),
    ),
    "local/phase0/background.json": (_Remembered([PROGRAM]), _Remembered, ("status", "stop")),
    "local/phase1/traffic-update.json": (
        Traffic(["true"], NOW, "t-", FACTS, FACTS, samples=[(0.1, 5.0, "")]),
        Traffic,
        (),
    ),
    "local/phase4/load-autoscaling.json": (
        Load(NOW, 8, 60, 2, [MOMENT], {"status 500": 1}),
        Load,
        (),
    ),
}
DAMAGED = {
    "a number": b"5",
    "a list": b"[]",
    "a text": b'"x"',
    "null": b"null",
    "another object": b'{"a": 1}',
    "truncated": b'{"started": "20',
    "empty": b"",
    "not UTF-8": b'{"a": "\xff"}',
    "NUL": b"\0" * 100,
    "deep": b"[" * 100_000,
    "a long number": b'{"port": 1' + b"0" * 5000 + b"}",
    "not finite": b'{"port": NaN}',
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_workbook(tmp_path_factory.mktemp("state") / "workbook")


@pytest.fixture
def home(copy: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the workbook without state, and the CLI in this process works in it."""
    monkeypatch.setenv("WORKBOOK_ROOT", str(copy))
    yield copy
    shutil.rmtree(copy / ".workbook", ignore_errors=True)


def as_kept(content: object) -> dict[str, object]:
    return content if isinstance(content, dict) else asdict(content)  # type: ignore[call-overload]


@pytest.mark.parametrize("name", FILES)
def test_what_was_written_is_read_again(tmp_path: Path, name: str) -> None:
    content, model, _ = FILES[name]
    write_json(tmp_path / "file.json", as_kept(content))
    assert read_state(tmp_path / "file.json", model or type(content)) == content
    assert [path.name for path in tmp_path.iterdir()] == ["file.json"]


@pytest.mark.parametrize("damage", DAMAGED)
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_does_not_fit_is_set_aside_with_a_sentence(
    home: Path, name: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    content, model, verbs = FILES[name]
    file = home / ".workbook" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(DAMAGED[damage])
    assert read_state(file, model or type(content)) is None
    assert not file.exists()
    aside = file.with_name(f"{file.name}.set-aside-1")
    assert aside.read_bytes() == DAMAGED[damage]
    assert f"{file} cannot be used (" in caplog.text
    assert f"renamed it to {aside.name}" in caplog.text
    for number, verb in enumerate(verbs, 2):
        write_json(home / ".workbook/local/phase0/checks.json", as_kept(Checked(NOW, [RESULT])))
        file.write_bytes(DAMAGED[damage])
        done = CliRunner().invoke(app, verb.split())
        # what main() turns into a sentence
        assert isinstance(done.exception, (WorkbookError, SystemExit, type(None))), verb
        if verb != "reset 0 --yes":  # which removes the folder
            assert file.with_name(f"{file.name}.set-aside-{number}").exists(), verb


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("local/phase0/answers.json", {"swing-word": 5}),
        ("choices.json", {"port": 80}),
        ("choices.json", {"port": 8081}),  # the gateway's
        ("choices.json", {"target": "moon"}),
        ("choices.json", {"port": "8000"}),
        ("local/phase0/run.json", {"started": "yesterday"}),
        ("local/phase0/background.json", {"programs": [{**asdict(PROGRAM), "pid": 2**40}]}),
        ("local/phase0/drill.json", {"name": "stale-process", "hints": -9}),
        ("local/phase0/drill.json", {"name": "stale-process", "begun": "2026-11-27T12:00:00"}),
        ("local/phase0/drills-ended.json", {"drills": [{"name": "stale-process"}]}),
        ("local/phase1/traffic-update.json", {"started": NOW}),
    ],
)
def test_impossible_choice_is_refused(
    tmp_path: Path, name: str, content: dict[str, object]
) -> None:
    """As one that every verb refuses: `use` itself could not change it."""
    fits, model, _ = FILES[name]
    write_json(tmp_path / "file.json", content)
    assert read_state(tmp_path / "file.json", model or type(fits)) is None
    assert (tmp_path / "file.json.set-aside-1").exists()


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "choices.json"
    with file.open("wb") as huge:
        huge.truncate(LARGEST + 1)
    assert read_state(file, Choices) is None
    assert not file.exists()


def test_a_drill_that_is_no_more_is_not_under_way(home: Path) -> None:
    write_json(home / ".workbook/local/phase0/drill.json", asdict(UnderWay("removed-since")))
    for words in (["status"], ["drill", "0"], ["drill", "0", "--fix"]):
        done = CliRunner().invoke(app, words)
        assert isinstance(done.exception, (WorkbookError, type(None)))


def test_the_cli_says_so_on_stderr(home: Path) -> None:
    (home / ".workbook").mkdir()
    (home / ".workbook/choices.json").write_text("5")
    done = cli_of(home)("env")
    assert "export PORT=8000" in done.stdout
    assert "choices.json cannot be used (Input should be an object)" in done.stderr


def test_a_check_says_so_in_the_terminal(home: Path) -> None:
    (home / ".workbook").mkdir()
    (home / ".workbook/choices.json").write_text("[]")
    words = [".venv/bin/python", "-m", "pytest", "--collect-only", "checks/phase0"]
    environment = clean_environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    done = subprocess.run(
        words, cwd=home, env=environment, capture_output=True, text=True, timeout=60
    )
    assert "choices.json cannot be used (Input should be an object)" in done.stdout
    assert "Traceback" not in done.stdout

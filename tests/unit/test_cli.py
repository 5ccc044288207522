"""The CLI: each verb helps, refuses with a sentence, and is safe to run again."""

import fcntl
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from copies import ROOT, clean_environment, cli_of, copy_workbook, free_port
from fake_cluster import RECORD
from proofs import drill_names
from typer.testing import CliRunner, Result

from workbook.cli import VERBS, app, main
from workbook.course.phase import Phase
from workbook.drills.drill import NothingToBreak, System
from workbook.drills.of_phase import Drills
from workbook.errors import WorkbookError
from workbook.learner.background import Background
from workbook.learner.choices import Choices
from workbook.learner.store import read_json, write_json
from workbook.outcome import Finding, Unknown, Wrong

NAMES = [verb.__name__ for verb in VERBS]


def helped(*words: str) -> Result:
    """What `--help` after these words prints."""
    return CliRunner().invoke(app, [*words, "--help"], prog_name="./workbook")


@pytest.mark.parametrize("verb", NAMES)
def test_every_verb_helps_with_an_example(verb: str) -> None:
    done = helped(verb)
    assert done.exit_code == 0
    assert re.search(rf"Example: .*workbook {verb}", " ".join(done.stdout.split()))


def commands_in_prose() -> list[str]:
    """Every `./workbook …` of the README, the runbook, the lessons and the site."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    pages += [*ROOT.glob("docs/**/*.md"), *ROOT.glob("phases/phase*/README.md")]
    pages += ROOT.glob("notebooks/*/README.md")
    pattern = r"(?:`|^)\./workbook ([a-z][^`\n]*)(?:`|$)"
    found = (re.findall(pattern, page.read_text(encoding="utf-8"), re.M) for page in pages)
    return sorted({command.strip() for commands in found for command in commands})


@pytest.mark.parametrize("command", commands_in_prose())
def test_every_command_in_prose_is_understood(command: str) -> None:
    words = [word.strip("[]") for word in shlex.split(command)]
    for placeholder, value in (("M", "0"), ("N", "1"), ("NAME", "stale-process")):
        words = [value if word == placeholder else word for word in words]
    done = helped(*words)
    assert done.exit_code == 0, done.output
    assert f"./workbook {words[0]}" in done.stdout


def test_the_two_commands_of_the_readme_are_what_starts_everything() -> None:
    """CI runs both: the live tests begin with `start`."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^```bash\n(.*?)^```", readme, re.M | re.S) == [
        "./workbook start\n",
        "./workbook test\n",
    ]
    words = [line.partition(" ||")[0] for line in (ROOT / ".ci/run").read_text().splitlines()]
    assert [word for word in words if word.startswith("./workbook")] == [
        "./workbook test",
        "./workbook test --live",
    ]


def test_help_waits_for_nothing_that_only_some_verbs_need() -> None:
    code = "import sys, workbook.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    python = str(ROOT / ".venv/bin/python")
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    slow = {"httpx", "IPython", "jupytext", "nbclient", "nbformat", "pytest", "setuptools"}
    assert slow & set(done.stdout.split()) == set()


def test_the_verbs_of_the_design_are_there() -> None:
    wanted = "start run check goto doctor status cost diff receipt reset env lab test drill use"
    assert {*wanted.split(), "up", "down", "stop"} <= set(NAMES)


@pytest.mark.parametrize(
    "verb", ["run", "check", "watch", "goto", "doctor", "receipt", "reset", "drill"]
)
def test_a_phase_that_is_not_there_is_named(fresh: Path, verb: str) -> None:
    done = cli_of(fresh)(verb, "7")
    assert done.returncode == 2
    assert done.stderr.startswith("There is no phase 7 yet; there is 0")


def test_outside_a_workbook_it_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(ROOT / ".venv/bin/workbook"), "status"],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "is not a workbook" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_fresh_copy_has_nothing_to_reset_and_nothing_running(fresh: Path) -> None:
    cli = cli_of(fresh)
    assert "as new" in cli("reset", "0").stdout
    assert "Nothing of the workbook is running" in cli("down").stdout
    assert "not begun" in cli("status").stdout


def test_reset_renames_the_learners_notebook(fresh: Path) -> None:
    mine = fresh / "phases/phase0/my-phase0.ipynb"
    mine.write_text("{}")
    said = cli_of(fresh)("reset", "0", "--yes").stdout
    assert "renames phases/phase0/my-phase0.ipynb, your copy of the notebook" in said
    assert not mine.exists()
    assert mine.with_name("my-phase0-1.ipynb").read_text() == "{}"
    assert "as new" in cli_of(fresh)("reset", "0").stdout


def test_down_asks_before_it_removes_a_cluster(fresh: Path) -> None:
    record = fresh / ".workbook/local/cluster.json"
    write_json(record, asdict(RECORD))
    done = cli_of(fresh)("down", "--verify")
    assert done.returncode == 1
    assert "the database in the cluster, if there is one, and all its rows" in done.stdout
    assert "Remove all of this?" in done.stdout
    assert json.loads(record.read_text()) == asdict(RECORD)


def test_stop_ends_what_a_lesson_left_and_keeps_the_cluster(fresh: Path) -> None:
    record = fresh / ".workbook/local/cluster.json"
    write_json(record, asdict(RECORD))
    words = ["bash", "-c", "sleep 300 >/dev/null 2>&1 & echo $!"]  # not a child of this process
    pid = int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    background = Background(Phase(0, fresh, "local").state)
    # named here: for a moment, the process that becomes `sleep` is still called bash
    left = background.remember(pid, fresh / "log", "a cell", ["sleep", "300"])
    assert left is not None
    try:
        done = cli_of(fresh)("stop")
        assert done.returncode == 0, done.stderr
        assert f"ended sleep 300 (process {pid})" in done.stdout
        assert left.process() is None
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert record.exists()
    assert "No lesson has left a program running" in cli_of(fresh)("stop").stdout


def test_a_drill_names_the_api_that_was_started_by_hand(fresh: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        cli_of(fresh)("use", "local", "--port", f"{port}")
        done = cli_of(fresh)("drill", "0", "stale-process")
    assert done.returncode == 2
    assert f"Port {port} is taken by" in done.stderr
    assert f"(process {os.getpid()}): end that first." in done.stderr


def test_nothing_is_certified_that_was_not_checked(fresh: Path) -> None:
    done = cli_of(fresh)("receipt", "0")
    assert done.returncode == 2
    assert "Run next: ./workbook check 0" in done.stderr


DRILLS = [(n, name) for n in (0, 1) for name in drill_names(n)]


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which nothing was run, for what changes nothing."""
    return copy_workbook(tmp_path_factory.mktemp("untouched") / "workbook")


@pytest.mark.parametrize(("number", "name"), DRILLS)
def test_a_drill_needs_something_to_break(untouched: Path, number: int, name: str) -> None:
    phase = Phase(number, untouched, "local")
    drills = Drills(System(phase, Choices(), Background(phase.state)))
    with pytest.raises(NothingToBreak) as raised:
        drills.begin(name)
    assert re.fullmatch(rf"./workbook (run|goto|answer) {number}", raised.value.run_next)
    assert drills.under_way() is None


def test_a_drill_too_early_is_refused_with_what_comes_first(untouched: Path) -> None:
    cli = cli_of(untouched)
    begun = cli("drill", "0", "stale-process")
    assert begun.returncode == 2
    assert "Run next: ./workbook run 0" in begun.stderr
    assert "No drill" in cli("drill", "0", "--fix").stderr


def test_a_drill_that_is_not_there_is_refused_with_the_list(fresh: Path) -> None:
    done = cli_of(fresh)("drill", "0", "nonsense")
    assert done.returncode == 2
    assert "Run next: ./workbook drill 0\n" in done.stderr
    assert "stale-process" not in done.stderr  # a name may tell the cause


def test_choices_are_kept_and_bad_ones_refused(fresh: Path) -> None:
    cli = cli_of(fresh)
    assert cli("use", "local", "--port", "8123").returncode == 0
    assert "export PORT=8123" in cli("env").stdout
    ports = ("--port", "8123", "--cluster-port", "8123")
    for bad in (("use", "moon"), ("use", "local", "--port", "80"), ("use", "local", *ports)):
        done = cli(*bad)
        assert done.returncode == 2
        assert "Run next: ./workbook use" in done.stderr
    assert "export PORT=8123" in cli("env").stdout


def test_a_damaged_choice_does_not_lock_the_learner_out(fresh: Path) -> None:
    (fresh / ".workbook").mkdir()
    (fresh / ".workbook/choices.json").write_bytes(b'{"target": "lo\xff')
    assert "export PORT=8000" in cli_of(fresh)("env").stdout


def test_env_puts_the_workbooks_own_python_first(fresh: Path) -> None:
    lines = cli_of(fresh)("env").stdout
    script = f"{lines}\ncommand -v python workbook uvicorn\npatiently 9 echo there"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.stdout.count(".venv/bin/") == 3
    assert done.stdout.endswith("\nthere\n")  # what lessons wait with is defined, too


def test_an_unknown_question_is_refused(fresh: Path) -> None:
    done = cli_of(fresh)("answer", "0", "meaning-of-life", "42")
    assert done.returncode == 2
    assert "has no question 'meaning-of-life'" in done.stderr


def test_an_answer_is_kept_beside_the_others(fresh: Path) -> None:
    cli = cli_of(fresh)
    cli("answer", "0", "swing-word", "food")
    cli("answer", "0", "right-when-sure", " 97 ")
    cli("answer", "0", "swing-word", "not")
    kept = json.loads((fresh / ".workbook/local/phase0/answers.json").read_text())
    assert kept == {"swing-word": "not", "right-when-sure": "97"}


def test_an_answer_is_kept_with_the_cluster_that_it_is_a_fact_of(fresh: Path) -> None:
    cli = cli_of(fresh)
    cli("answer", "0", "swing-word", "food")
    cli("answer", "1", "most-pods", "3")
    noted = {path.parent.name: read_json(path) for path in fresh.rglob("answered-on.json")}
    assert noted == {"phase1": {"most-pods": ""}}


def test_start_names_the_program_that_has_the_port(fresh: Path) -> None:
    cli = cli_of(fresh)
    port = free_port()
    cli("use", "local", "--port", str(port))
    with socket.create_server(("127.0.0.1", port)):
        done = cli("start")
    assert done.returncode == 2
    assert f"port {port}: {port} taken by" in done.stdout
    assert "./workbook use local --port " in done.stdout
    assert not (fresh / "phases/phase0/model").exists()


def test_doctor_finds_a_checkout_with_crlf(fresh: Path) -> None:
    lesson = fresh / "phases/phase0/README.md"
    lesson.write_bytes(lesson.read_bytes().replace(b"\n", b"\r\n"))
    done = cli_of(fresh)("doctor", "0")
    assert done.returncode == 1
    assert "core.autocrlf" in done.stdout


def test_two_commands_do_not_work_on_one_system_at_once(fresh: Path) -> None:
    (fresh / ".workbook").mkdir()
    with (fresh / ".workbook/lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = cli_of(fresh)("run", "0")
    assert done.returncode == 2
    assert "Another workbook command is at work" in done.stderr


def test_diff_shows_what_a_phase_changes_and_nothing_else(fresh: Path) -> None:
    newer = fresh / "phases/phase7"
    newer.mkdir()
    for path in (fresh / "phases/phase0").rglob("*"):
        if path.is_file():
            copy = newer / path.relative_to(fresh / "phases/phase0")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    with (newer / "sentiment/settings.py").open("a") as file:
        file.write("ADDED = 1\n")
    (newer / "Dockerfile").write_text("FROM scratch\n")
    (newer / "model").mkdir()
    (newer / "model/manifest.json").write_text("{}")
    done = cli_of(fresh)("diff", "0", "7")
    assert done.returncode == 0
    changed = re.findall(r"^\+(?!\+\+)(.*)$", done.stdout, re.MULTILINE)
    assert changed == ["FROM scratch", "ADDED = 1"]
    assert re.findall(r"^-(?!--)", done.stdout, re.MULTILINE) == []
    assert "Left out: lessons, notebooks and locks." in done.stdout


def test_diff_leaves_out_what_nobody_reads(fresh: Path) -> None:
    said = cli_of(fresh)("diff", "0", "1").stdout
    changed = set(re.findall(r"^diff --git \S+ b/phases/phase1/(\S+)$", said, re.MULTILINE))
    assert "Dockerfile" in changed
    assert changed & {"README.md", "phase1.ipynb", "requirements.lock"} == set()


@pytest.mark.parametrize("number", ["9", "70"])
@pytest.mark.parametrize("verb", ["run", "check", "goto", "doctor", "reset", "drill", "diff 0"])
def test_a_number_that_no_phase_can_have_gets_the_same_sentence(
    verb: str, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBOOK_ROOT", str(ROOT))
    done = CliRunner().invoke(app, [*verb.split(), number])
    assert isinstance(done.exception, WorkbookError)
    assert str(done.exception).startswith(f"There is no phase {number} yet; there is 0")


@pytest.mark.parametrize("lines", ["1", "2"])
def test_a_reader_who_leaves_early_is_no_error(fresh: Path, lines: str) -> None:
    """As `head` does; the command goes on to its end, and keeps what it found."""
    script = f'./workbook check 0 | head -n {lines}; echo "status ${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=fresh,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout.endswith("status 10\n")
    assert (fresh / ".workbook/local/phase0/checks.json").exists()


def test_other_projects_do_not_reach_the_checks(fresh: Path) -> None:
    others = {
        "PYTHONHOME": "/usr",
        "PYTHONPATH": str(fresh / "elsewhere"),
        "PYTEST_PLUGINS": "no_such_plugin",
        "PYTEST_ADDOPTS": "--no-such-option",
    }
    (fresh / "elsewhere").mkdir()
    (fresh / "elsewhere/pytest.py").write_text("raise SystemExit('another pytest')\n")
    done = cli_of(fresh)("check", "0", **others)
    assert done.returncode == 10, done.stderr
    assert "7 not started, of 7 lines" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("seconds", [0.05, 0.15, 0.3])
def test_ctrl_c_at_once_is_one_sentence(fresh: Path, seconds: float) -> None:
    """While Python itself starts, while the CLI is imported, while it works."""
    with subprocess.Popen(
        ["./workbook", "status"],
        cwd=fresh,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as status:
        with suppress(subprocess.TimeoutExpired):
            status.wait(seconds)
        status.send_signal(signal.SIGINT)
        said = status.communicate(timeout=30)[1]
    assert "Traceback" not in said
    assert said.strip() in ("", "Interrupted. It is safe to run the same command again.")


def test_no_cluster_is_one_remedy(fresh: Path) -> None:
    begun = cli_of(fresh)("drill", "1", "pod-that-nobody-keeps")
    assert begun.stderr == "There is no cluster yet.\nRun next: ./workbook goto 1\n"


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (
            Wrong(
                expected="an answer", found="no route", why="it is off", run_next="./workbook up"
            ),
            "no route\nRun next: ./workbook up\n",
        ),
        (Unknown("it does not answer in time"), "it does not answer in time\n"),
    ],
    ids=["wrong", "unknown"],
)
def test_a_cluster_that_does_not_answer_is_reported_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], finding: Finding, said: str
) -> None:
    def fail(prog_name: str) -> None:
        raise finding

    monkeypatch.setattr("workbook.cli.app", fail)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == said


def test_tables_fit_into_40_columns(fresh: Path) -> None:
    for words in (("cost",), ("cost", "2")):
        said = cli_of(fresh)(*words, COLUMNS="40").stdout
        table = re.split(r"^(?:Stopped|On Azure)", said, flags=re.MULTILINE)[0]
        assert len(table.splitlines()) > 5
        assert max(map(len, table.splitlines())) <= 40
        assert "…" not in table


def test_lab_opens_a_copy_of_the_lesson(fresh: Path) -> None:
    with subprocess.Popen(
        ["./workbook", "lab", "0"],
        cwd=fresh,
        env=clean_environment(BROWSER="true"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as lab:
        watchdog = threading.Timer(60, lab.kill)
        watchdog.start()
        try:
            assert lab.stdout is not None
            said = 0
            for line in lab.stdout:
                said += 1
                if found := re.search(r"http://127\S+/lab/tree/\S+", line):
                    break
            assert found
            address = found[0]
            page = httpx.get(address, follow_redirects=True)
            news, workspace = (
                httpx.get(
                    urljoin(address, f"/lab/api/{path}"),
                    headers={"Authorization": f"token {address.partition('token=')[2]}"},
                ).json()
                for path in (
                    "settings/@jupyterlab/apputils-extension:notification",
                    "workspaces/default",
                )
            )
        finally:
            watchdog.cancel()
            lab.kill()
    assert page.status_code == 200
    assert "my-phase0.ipynb" in address
    assert said < 10  # lines: nothing that is logged hides the address
    assert news["schema"]["properties"]["fetchNews"]["default"] == "false"
    left = workspace["data"]["layout-restorer:data"]["left"]
    assert (left["current"], left["collapsed"]) == ("@jupyterlab/toc:plugin", False)
    lesson, mine = (
        json.loads((fresh / f"phases/phase0/{name}").read_bytes())["cells"]
        for name in ("phase0.ipynb", "my-phase0.ipynb")
    )
    assert mine == lesson


def test_the_wheel_installs_and_its_cli_answers(tmp_path: Path) -> None:
    python = str(ROOT / ".venv/bin/python")
    build = [python, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    source = tmp_path / "source"
    copy_workbook(source, with_environment=False)
    subprocess.run([*build, str(source)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    target = tmp_path / "installed"
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    subprocess.run([*install, str(wheel)], check=True)
    code = "import workbook; print(workbook.__file__); from workbook.cli import main; main()"
    done = subprocess.run(
        [python, "-c", code, "--version"],
        cwd=tmp_path,
        env=clean_environment(PYTHONPATH=str(target)),
        capture_output=True,
        text=True,
    )
    assert str(target) in done.stdout, done.stderr
    assert done.stdout.splitlines()[-1] == "0.1.0"
    assert (target / "workbook/lessons/prelude.sh").is_file()

"""A new phase is three folders: the CLI, the site and the tests find it, and no other file changes.

The phase is made in a copy, with the code of the one before it, a lesson, a check and a drill.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from copies import ROOT, Cli, clean_environment, cli_of, copy_workbook
from mkdocs.config import load_config

from workbook.course.phase import phases
from workbook.site import mkdocs_hook

NUMBER = phases(ROOT, "local")[-1].number + 1
NAME = f"phase{NUMBER}"
LINE = "Nothing is broken"
NOT_STARTED = 10  # the exit status
FILES = {
    f"phases/{NAME}/README.md": f"""\
# Phase {NUMBER}: nothing new

| | |
| --- | --- |
| **You build** | nothing |
| **You learn** | what a phase is |
| **It costs** | nothing |

## What changes

Nothing.

## Look

```bash
echo "here"
```

## Phase complete when

- [ ] {LINE}

## If you stop here

Nothing costs money. You have learned what a phase is.
""",
    f"phases/{NAME}/phase.toml": "adds = []\n",
    f"checks/{NAME}/__init__.py": "",
    f"checks/{NAME}/test_nothing.py": f'''\
"""Whether something is broken."""

from workbook.checks.check import check
from workbook.course.phase import Phase
from workbook.outcome import Wrong


@check(read="phases/{NAME}/README.md#look")
def test_nothing_is_broken(phase: Phase) -> str:
    """{LINE}"""
    if (phase.state / "broken").exists():
        raise Wrong(expected="no file", found="broken", why="a drill created it", run_next="rm")
    return "nothing"
''',
    f"drills/{NAME}/something_broken.py": f'''\
"""A file that should not be there."""

from checks.{NAME}.test_nothing import test_nothing_is_broken
from workbook.drills.drill import Drill, System


def break_it(system: System) -> None:
    (system.phase.state / "broken").touch()


def fix(system: System) -> None:
    (system.phase.state / "broken").unlink(missing_ok=True)


DRILL = Drill(
    title="A colleague left a file.",
    difficulty=1,
    turns_red=test_nothing_is_broken,
    hints=("Which folder?", "List it: ls -a", "Its name is broken"),
    way_back="Delete the file.",
    break_it=break_it,
    fix=fix,
)
''',
}
# These hold every phase to its promises without a cluster.
PROMISES = ("test_promises.py", "test_manifest.py", "test_cost.py")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = copy_workbook(tmp_path_factory.mktemp("copy"))
    old = ("README.md", "*.ipynb", "phase.toml")
    before = home / "phases" / f"phase{NUMBER - 1}"
    shutil.copytree(before, home / "phases" / NAME, ignore=shutil.ignore_patterns(*old))
    for name, content in FILES.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(content)
    notebooks = [sys.executable, "-m", "workbook.lessons.notebook"]
    subprocess.run(notebooks, cwd=home, env=clean_environment(), check=True)
    return home


@pytest.fixture(scope="module")
def cli(home: Path) -> Cli:
    return cli_of(home)


def test_the_cli_checks_breaks_and_lists_it(cli: Cli) -> None:
    """Its own line passes. Those of the phases before it are not started in the copy."""
    number = str(NUMBER)
    whole = cli("check", number)
    assert f"✔ {LINE}" in whole.stdout
    assert whole.returncode == NOT_STARTED
    assert "A colleague left a file." in cli("drill", number).stdout
    assert cli("drill", number, "1").returncode == 0
    assert cli("check", number).returncode == 1
    assert cli("drill", number, "--fix").returncode == 0
    assert cli("check", number).returncode == NOT_STARTED
    assert f"Phase {NUMBER}: nothing new" in cli("status").stdout


def test_the_site_shows_it(home: Path) -> None:
    config = mkdocs_hook.on_config(load_config(str(home / "mkdocs.yml")))
    listed = {item for page in config.nav[1]["Lessons"] for item in page.items()}
    assert (f"Phase {NUMBER}", f"lessons/{NAME}.md") in listed
    assert (f"From phase {NUMBER - 1} to {NUMBER}", f"lessons/{NAME}/changes.md") in listed
    shown = mkdocs_hook._map(home, "local")
    assert f"| [{NUMBER}](lessons/{NAME}.md) |" in shown
    assert f"| {NUMBER + 1} | " in shown


def test_the_tests_hold_it_to_its_promises(home: Path) -> None:
    """All but one, which asks a finished phase for five drills."""
    files = [f"tests/unit/{name}" for name in PROMISES]
    chosen = f"{NAME} and not tiered_hints"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-k", chosen, *files],
        cwd=home,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    for name in PROMISES:
        assert f"PASSED tests/unit/{name}" in done.stdout


def test_the_live_tests_prove_its_drill(home: Path) -> None:
    code = "from proofs import all_proofs; print(*all_proofs(), sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=home,
        env=clean_environment(PYTHONPATH=f"{home}/tests/support:{home}", WORKBOOK_ROOT=str(home)),
        capture_output=True,
        text=True,
    )
    assert f"{NAME}-drill-something-broken" in done.stdout.split(), done.stderr


def test_no_other_file_changes(home: Path) -> None:
    done = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    names = {line.split(maxsplit=1)[1] for line in done.stdout.splitlines()} - {".venv"}
    ours = tuple(f"{folder}/{NAME}/" for folder in ("phases", "checks", "drills"))
    assert {*FILES} <= names
    assert {name for name in names if not name.startswith(ours)} == set()

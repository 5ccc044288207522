"""What the workbook promises of its own files, for every phase that there is."""

import importlib
import re
import subprocess
import tomllib
from itertools import pairwise, takewhile
from pathlib import Path

import pytest

from workbook.checks.check import check_of, checks_of
from workbook.course.changes import files_of
from workbook.course.lesson import anchors, checklist, questions
from workbook.course.phase import Lesson, Phase, lessons, notebooks, phases
from workbook.drills.drill import Drill, System
from workbook.drills.of_phase import Drills
from workbook.learner.background import Background
from workbook.learner.choices import Choices
from workbook.learner.drills import drill_names
from workbook.lessons.notebook import to_notebook

ROOT = Path(__file__).parents[2]
PHASES = phases(ROOT, "local")
every_phase = pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.name)
LESSONS = lessons(ROOT, "local")
every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
CHECKED = [*PHASES, *(each for each in notebooks(ROOT, "local") if each.checks.exists())]
every_checked = pytest.mark.parametrize("lesson", CHECKED, ids=lambda lesson: lesson.name)


def drills_of(phase: Phase) -> dict[str, Drill]:
    drills = Drills(System(phase, Choices(), Background(phase.state)))
    return {name: drills.load(name) for name in drill_names(phase)}


def tracked() -> list[Path]:
    """Files that git tracks, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


@every_lesson
def test_lesson_and_notebook_are_equal(lesson: Lesson) -> None:
    made = to_notebook(lesson.lesson.read_text(encoding="utf-8"))
    advice = "run: .venv/bin/python -m workbook.lessons.notebook"
    assert lesson.notebook.read_text(encoding="utf-8") == made, advice


@every_lesson
def test_a_table_of_a_lesson_fits_a_notebook(lesson: Lesson) -> None:
    """JupyterLab wraps long lines, so the columns of `--output wide` cannot be read."""
    assert not re.search(r"(--output|-o)[ =]wide", lesson.lesson.read_text("utf-8"))


@every_lesson
def test_a_plot_has_a_title_for_those_who_do_not_see_it(lesson: Lesson) -> None:
    """The site makes the image's text of it."""
    cells = re.findall(
        r"^```python\n(.*?)^```$", lesson.lesson.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    plots = [cell for cell in cells if "plt.show()" in cell]
    assert [cell for cell in plots if not re.search(r'title[=(]"[^"]+"', cell)] == []


@every_checked
def test_checklist_and_checks_are_equal(lesson: Lesson) -> None:
    in_lesson = checklist(lesson.lesson.read_text(encoding="utf-8"))
    in_checks = [check.line for check in checks_of(lesson).values()]
    assert in_lesson
    assert sorted(in_lesson) == sorted(in_checks)


def test_a_checklist_is_never_without_checks() -> None:
    with_list = [each for each in LESSONS if checklist(each.lesson.read_text(encoding="utf-8"))]
    assert with_list == CHECKED


@every_checked
def test_a_check_comes_after_what_it_needs(lesson: Lesson) -> None:
    until_now = takewhile(lambda each: each.name != lesson.name, lessons(ROOT, "local"))
    earlier = [*until_now] if isinstance(lesson, Phase) else []
    texts = [each.lesson.read_text(encoding="utf-8") for each in (*earlier, lesson)]
    order = [line for text in texts for line in checklist(text)]
    for check in checks_of(lesson).values():
        for needed in map(check_of, check.after):
            assert needed is not None
            assert order.index(needed.line) < order.index(check.line)


@every_checked
def test_every_read_anchor_exists(lesson: Lesson) -> None:
    for check in checks_of(lesson).values():
        page, _, anchor = check.read.partition("#")
        assert anchor in anchors((ROOT / page).read_text(encoding="utf-8")), check.read


@every_phase
def test_every_check_has_a_drill_that_turns_it_red(phase: Phase) -> None:
    here = [drill for drill in drills_of(phase).values() if phase.target in drill.targets]
    red = {drill.turns_red for drill in here}
    assert {check.__name__ for check in checks_of(phase)} == {f.__name__ for f in red}


@every_phase
def test_every_drill_has_a_difficulty_tiered_hints_and_a_solution(phase: Phase) -> None:
    drills = drills_of(phase)
    assert len(drills) >= 5
    assert {drill.difficulty for drill in drills.values()} == {1, 2, 3}
    for name, drill in drills.items():
        assert len(drill.hints) == len(set(drill.hints)) >= 3, name
        assert re.search(r"^  (./workbook|eval|git) ", drill.way_back, re.MULTILINE), name


@every_phase
def test_questions_of_a_lesson_and_of_its_check_are_equal(phase: Phase) -> None:
    asked = questions(phase.lesson.read_text(encoding="utf-8"))
    if not (phase.checks / "test_understanding.py").exists():
        assert not asked
        return
    module = importlib.import_module(f"checks.{phase.name}.test_understanding")
    assert asked == list(module.QUESTIONS)


@pytest.mark.parametrize(("older", "newer"), [*pairwise(PHASES)], ids=lambda phase: phase.name)
def test_what_changes_from_phase_to_phase_is_named(older: Phase, newer: Phase) -> None:
    """A file that both have is the same in both, or the newer lesson says that it changes."""
    lesson = newer.lesson.read_text(encoding="utf-8")
    section = re.search(r"^## What changes\n(.*?)^## ", lesson, re.MULTILINE | re.DOTALL)
    assert section is not None
    named = re.findall(r"`([\w./-]+)`", section[1])
    own = {older.lesson.name, older.notebook.name, newer.notebook.name, "phase.toml"}
    files = {phase: files_of(phase) for phase in (older, newer)}
    for name in sorted(files[older] | files[newer]):
        sides = [phase.directory / name for phase in (older, newer) if name in files[phase]]
        same = len(sides) == 2 and sides[0].read_bytes() == sides[1].read_bytes()
        is_named = any(name == n or (n.endswith("/") and name.startswith(n)) for n in named)
        assert same or is_named or name in own, f"{name} is not under “What changes”"


@every_phase
def test_requirements_agree_with_the_lock(phase: Phase) -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([\w.-]+)==([\w.]+)", lock, re.MULTILINE))
    lines = (phase.directory / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins
    for pin in pins:
        name, _, version = pin.partition("==")
        assert locked[name.partition("[")[0]] == version


def test_locks_agree_and_every_package_has_hashes() -> None:
    texts = [(ROOT / name).read_text() for name in ("requirements.lock", "requirements-dev.lock")]
    base, dev = (set(re.findall(r"^[\w.-]+==\S+", text, re.MULTILINE)) for text in texts)
    assert base <= dev
    for text in texts:
        assert text.count("\\\n    --hash=sha256:") >= len(re.findall(r"^[\w.-]+==", text, re.M))
        assert "://" not in text


def test_libraries_page_names_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = {*project["dependencies"], *(name for names in extras for name in names)}
    page = (ROOT / "docs" / "libraries.md").read_text(encoding="utf-8").lower()
    missing = [name for name in sorted(wanted) if f"`{re.split('[<[]', name)[0]}" not in page]
    assert missing == []


@pytest.mark.parametrize("path", tracked(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_tracked_file_holds_nothing_of_one_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8", errors="replace")
    # written in two parts, so that this file does not find itself
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org"]
    assert [host for host in hosts if host in text] == []
    assert str(ROOT) + "/" not in text
    assert re.search(r"/(home|Users)/[a-z]+/", text) is None
    if path.suffix == ".ipynb":
        assert '"output_type"' not in text

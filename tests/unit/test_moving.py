"""`goto`: what is asked, what is run, and what becomes of the learner's answers."""

from dataclasses import asdict
from pathlib import Path

import pytest
import typer
from copies import copy_manifests

from workbook.cli import moving
from workbook.cli.moving import move_to
from workbook.course.phase import Phase
from workbook.drills.drill import Drills, UnderWay
from workbook.errors import WorkbookError
from workbook.learner.answers import (
    OF_BEFORE,
    keeping_own_answers,
    note_cluster,
    read_answers,
    write_answer,
)
from workbook.learner.choices import Choices
from workbook.learner.store import read_json, write_json
from workbook.lessons.going_back import LEFT
from workbook.outcome import Unknown


class World:
    """A system in which these phases are complete, and what `goto` does to it, in order."""

    target = "local"

    def __init__(self, home: Path, complete: set[int], begun: set[int], left: set[int]) -> None:
        self.home = home
        self.complete = complete
        self.done: list[str] = []
        self.problem: Exception | None = None  # of a deployment
        self.incomplete = 1  # the exit status of a check that does not pass
        for number in begun:
            (self.phase(number).state / "run.json").touch()
        for number in left:
            (self.phase(number).state / LEFT).touch()

    def phase(self, number: int) -> Phase:
        return Phase(number, self.home, self.target)

    def check(self, phase: Phase) -> int:
        self.done.append(f"check {phase.number}")
        return 0 if phase.number in self.complete else self.incomplete

    def go_back(self, phase: Phase, choices: Choices) -> list[str]:
        return []

    def run(self, phase: Phase, choices: Choices) -> None:
        self.done.append(f"run {phase.number}")
        self.complete.add(phase.number)

    def come_again(self, phase: Phase, choices: Choices) -> bool:
        if not (phase.state / LEFT).exists():
            return False
        if self.problem:
            raise self.problem
        self.done.append(f"deploy {phase.number}")
        self.complete.add(phase.number)
        return True

    def goto(self, number: int) -> list[str]:
        self.done.clear()
        move_to(self.phase(number), Choices())
        return self.done


@pytest.fixture
def home(tmp_path: Path) -> Path:
    copy_manifests(tmp_path)
    return tmp_path


@pytest.fixture
def world(home: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(home, *(set(numbers) for numbers in request.param))
    monkeypatch.setattr(moving, "check_lesson", made.check)
    monkeypatch.setattr(moving, "go_back", made.go_back)
    monkeypatch.setattr(moving, "run_and_show", made.run)
    monkeypatch.setattr(moving, "come_again", made.come_again)
    monkeypatch.setattr(moving, "examine_phase", lambda phase, choices: True)
    return made


def system(complete: str = "", begun: str = "", left: str = "") -> pytest.MarkDecorator:
    numbers = [{*map(int, each)} for each in (complete, begun, left)]
    return pytest.mark.parametrize("world", [numbers], indirect=True, ids=[""])


@system(complete="0123", begun="0123")
def test_a_phase_that_is_complete_is_asked_and_nothing_else(world: World) -> None:
    assert world.goto(3) == ["check 3"]


@system(complete="01", begun="01")
def test_lessons_are_run_from_the_first_that_is_missing(world: World) -> None:
    assert world.goto(3) == ["check 1", "run 2", "check 2", "run 3", "check 3"]


@system()
def test_a_new_learner_runs_every_lesson_and_no_check_before_it(world: World) -> None:
    assert world.goto(1) == ["run 0", "check 0", "run 1", "check 1"]


@system(complete="01", begun="01234", left="234")
def test_phases_that_were_left_are_deployed_and_not_run_again(world: World) -> None:
    again = [f"{verb} {number}" for number in (2, 3, 4) for verb in ("deploy", "check")]
    assert world.goto(4) == ["check 1", *again]


@pytest.mark.parametrize(
    "problem", [WorkbookError("The image is gone."), Unknown("The image is gone")], ids=type
)
@system(complete="01", begun="012", left="2")
def test_a_lesson_is_run_where_its_objects_do_not_come_up(
    world: World, capsys: pytest.CaptureFixture[str], problem: Exception
) -> None:
    world.problem = problem
    assert world.goto(2) == ["check 1", "run 2", "check 2"]
    assert "The image is gone. So the lesson" in capsys.readouterr().out


@system(complete="012", begun="0123")
def test_a_phase_that_is_broken_begins_where_the_one_before_it_ends(world: World) -> None:
    assert world.goto(3) == ["check 3", "check 2", "run 3", "check 3"]


@system()
def test_on_azure_a_red_phase_runs_on_the_infrastructure_that_it_created(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.target = "azure"
    for number in range(4):
        (world.home / f"phases/phase{number}/README.md").write_text(f"# {number}\n")
        (world.phase(number).state / "run.json").touch()
    values = world.phase(3).values
    values.parent.mkdir(parents=True)
    values.touch()
    asked: list[int] = []
    monkeypatch.setattr(moving, "go_back", lambda phase, _: asked.append(phase.number) or [])
    assert world.goto(3) == ["check 3", "run 3", "check 3"]
    assert asked == [3]


@pytest.mark.parametrize("status", [2, 3, 11])
@system(complete="012", begun="0123")
def test_nothing_is_removed_where_a_check_cannot_answer(world: World, status: int) -> None:
    world.incomplete = status
    with pytest.raises(typer.Exit) as ended:
        world.goto(3)
    assert ended.value.exit_code == status
    assert world.done == ["check 3"]


@system(complete="012", begun="0123")
def test_a_phase_in_which_something_is_not_started_is_not_complete(world: World) -> None:
    world.incomplete = 10
    assert "run 3" in world.goto(3)


@system()
def test_nothing_is_asked_while_a_drill_of_a_later_phase_is_under_way(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 3):
        (world.home / f"phases/phase{number}/README.md").touch()
    drill = "lost-lock"
    monkeypatch.setattr(Drills, "names", lambda self: [drill])
    write_json(world.phase(3).state / "drill.json", asdict(UnderWay(drill, 0)))
    with pytest.raises(WorkbookError, match="lost-lock of phase 3 is under way") as refused:
        world.goto(2)
    assert refused.value.run_next == "./workbook drill 3 --fix"
    assert not world.phase(1).has_state
    assert not world.done


@system(complete="0", begun="0")
def test_a_check_that_does_not_pass_after_its_lesson_ends_goto(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "run_and_show", lambda phase, choices: None)
    with pytest.raises(typer.Exit) as ended:
        world.goto(2)
    assert ended.value.exit_code == 1
    assert world.done == ["check 0", "check 1"]


def test_a_lesson_that_is_run_again_leaves_the_learners_answers(home: Path) -> None:
    phase = Phase(1, home, "local")
    with keeping_own_answers(phase):
        write_answer(phase, "one", "a solution")
        write_answer(phase, "two", "a solution")
    write_answer(phase, "two", "mine")
    with keeping_own_answers(phase):
        write_answer(phase, "one", "a newer solution")
        write_answer(phase, "two", "a newer solution")
    assert read_answers(phase) == {"one": "a newer solution", "two": "mine"}


def test_answers_survive_a_lesson_that_fails(home: Path) -> None:
    phase = Phase(1, home, "local")
    write_answer(phase, "one", "mine")

    def fail() -> None:
        with keeping_own_answers(phase):
            write_answer(phase, "one", "a solution")
            raise WorkbookError("a cell failed")

    with pytest.raises(WorkbookError, match="a cell failed"):
        fail()
    assert read_answers(phase) == {"one": "mine"}


def test_answers_survive_a_lesson_that_fails_before_its_questions(home: Path) -> None:
    phase = Phase(1, home, "local")
    write_answer(phase, "one", "mine")
    with keeping_own_answers(phase):
        pass
    with keeping_own_answers(phase):
        write_answer(phase, "one", "a solution")
    assert read_answers(phase) == {"one": "mine"}


@pytest.mark.parametrize(
    ("answered_on", "stands", "of_before"),
    [("this one", "mine", None), ("another one", "a solution", {"one": "mine"})],
)
def test_own_answers_stand_on_the_cluster_that_they_are_facts_of(
    home: Path, answered_on: str, stands: str, of_before: dict[str, str] | None
) -> None:
    phase = Phase(1, home, "local")
    write_answer(phase, "one", "mine")
    note_cluster(phase, "one", answered_on)
    said: list[str] = []
    with keeping_own_answers(phase, lambda: "this one", said.append):
        pass  # it fails before its questions
    assert read_answers(phase) == {"one": "mine"}
    assert not said
    with keeping_own_answers(phase, lambda: "this one", said.append):
        write_answer(phase, "one", "a solution")
        note_cluster(phase, "one", "this one")
    assert read_answers(phase) == {"one": stands}
    assert read_json(phase.state / OF_BEFORE) == of_before
    assert any("Your answers to one" in line and OF_BEFORE in line for line in said) is bool(
        of_before
    )


@system(complete="0", begun="0")
def test_goto_asks_on_which_cluster_the_learner_answered(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    phase = world.phase(1)
    write_answer(phase, "one", "mine")
    note_cluster(phase, "one", "another one")
    monkeypatch.setattr(moving, "authority_of", lambda home, target: "this one")
    run = world.run

    def answer(phase: Phase, choices: Choices) -> None:
        run(phase, choices)
        write_answer(phase, "one", "a solution")

    monkeypatch.setattr(moving, "run_and_show", answer)
    world.goto(1)
    assert read_answers(phase) == {"one": "a solution"}
    assert "were of another cluster" in capsys.readouterr().out

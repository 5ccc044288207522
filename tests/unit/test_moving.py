"""`goto`: what is asked, what is run, and that open questions change neither."""

from dataclasses import asdict
from pathlib import Path

import pytest
import typer
from copies import copy_manifests
from fake_cluster import use_cluster

from workbook.checks.check import Result, keep_results
from workbook.checks.questions import Judged
from workbook.cli import moving
from workbook.cli.actions import NOT_STARTED, PASSED, WRONG
from workbook.cli.moving import move_to
from workbook.course.phase import Phase
from workbook.errors import WorkbookError
from workbook.learner.choices import Choices
from workbook.learner.drills import UnderWay
from workbook.learner.store import write_json
from workbook.lessons.going_back import LEFT
from workbook.outcome import Outcome, Unknown


class World:
    """A system in which these phases are complete, and what `goto` does to it, in order."""

    target = "local"

    def __init__(self, home: Path, complete: set[int], begun: set[int], left: set[int]) -> None:
        self.home = home
        self.complete = complete
        self.done: list[str] = []
        self.problem: Exception | None = None  # of a deployment
        self.incomplete = 1  # the exit status of a check that does not pass
        self.questions: dict[int, Judged] = {}  # of phases whose questions are not answered
        for number in begun:
            (self.phase(number).state / "run.json").touch()
        for number in left:
            (self.phase(number).state / LEFT).touch()

    def phase(self, number: int) -> Phase:
        return Phase(number, self.home, self.target)

    def check(self, phase: Phase) -> int:
        self.done.append(f"check {phase.number}")
        judged = self.questions.get(phase.number)
        line = Outcome.WRONG if judged and judged.wrong else Outcome.NOT_STARTED
        system = Outcome.PASSED if phase.number in self.complete else Outcome.WRONG
        results = [
            Result("system", "It works", system, 0),
            Result("questions", "You understand", line if judged else system, 0, judged=judged),
        ]
        keep_results(phase, results, [])
        if phase.number not in self.complete:
            return self.incomplete
        return (WRONG if judged.wrong else NOT_STARTED) if judged else PASSED

    def go_back(self, phase: Phase, choices: Choices) -> list[str]:
        return []

    def run(self, phase: Phase, choices: Choices, answers: bool) -> None:
        self.done.append(f"run {phase.number}{' --answers' if answers else ''}")
        self.complete.add(phase.number)

    def come_again(self, phase: Phase, choices: Choices) -> bool:
        if not (phase.state / LEFT).exists():
            return False
        if self.problem:
            raise self.problem
        self.done.append(f"deploy {phase.number}")
        self.complete.add(phase.number)
        return True

    def goto(self, number: int, answers: bool = False) -> list[str]:
        self.done.clear()
        choices = Choices(target=self.target, prefix="ml-demo")
        self.status = move_to(self.phase(number), choices, answers)
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
    use_cluster(world.home, "ml-demo-abc12-aks")
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
def test_nothing_is_asked_while_a_drill_of_a_later_phase_is_under_way(world: World) -> None:
    for number in (1, 3):
        (world.home / f"phases/phase{number}/README.md").touch()
    drill = world.phase(3).drills / "lost_lock.py"
    drill.parent.mkdir(parents=True)
    drill.touch()
    write_json(world.phase(3).state / "drill.json", asdict(UnderWay("lost-lock")))
    with pytest.raises(WorkbookError, match="A drill of phase 3 is under way") as refused:
        world.goto(2)
    assert refused.value.run_next == "./workbook drill 3 --fix"
    assert not world.phase(1).has_state
    assert not world.done


@system(complete="0", begun="0")
def test_a_check_that_does_not_pass_after_its_lesson_ends_goto(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "run_and_show", lambda *_: None)
    with pytest.raises(typer.Exit) as ended:
        world.goto(2)
    assert ended.value.exit_code == 1
    assert world.done == ["check 0", "check 1"]


OPEN = Judged({}, {}, ["one"])
UNKNOWN = Judged({}, {"one": "the row is gone"}, [])
WRONG_ONE = Judged({"one": "your answer 'x'"}, {}, [])


@pytest.mark.parametrize("judged", [OPEN, UNKNOWN, WRONG_ONE], ids=["open", "unknown", "wrong"])
@system(complete="012", begun="012")
def test_questions_do_not_make_a_lesson_run_again(world: World, judged: Judged) -> None:
    world.questions = {0: judged, 2: judged}
    assert world.goto(2) == ["check 2"]
    assert world.status == (WRONG if judged.wrong else NOT_STARTED)


@system(complete="0", begun="0")
def test_open_questions_do_not_stop_the_way_forward(world: World) -> None:
    world.questions = {0: OPEN, 1: OPEN, 2: OPEN}
    assert world.goto(2) == ["check 0", "run 1", "check 1", "run 2", "check 2"]


@system(complete="01", begun="012", left="2")
def test_a_phase_that_came_again_with_open_questions_is_not_run(world: World) -> None:
    world.questions = {2: OPEN}
    assert world.goto(2) == ["check 1", "deploy 2", "check 2"]


@system(complete="0", begun="01")
def test_a_phase_that_is_red_beside_its_questions_is_run(world: World) -> None:
    world.questions = {1: OPEN}
    assert world.goto(1) == ["check 1", "check 0", "run 1", "check 1"]


@system(complete="0", begun="0")
def test_every_lesson_on_the_way_is_run_with_its_answers_on_request(world: World) -> None:
    done = ["check 0", "run 1 --answers", "check 1", "run 2 --answers", "check 2"]
    assert world.goto(2, answers=True) == done
    assert world.status == PASSED


@system(complete="0", begun="0", left="1")
def test_results_of_another_day_do_not_make_a_phase_complete(world: World) -> None:
    keep_results(world.phase(1), [Result("system", "It works", Outcome.PASSED, 0)], [])
    world.problem = WorkbookError("The image is gone.")
    world.incomplete = NOT_STARTED
    assert world.goto(1) == ["check 0", "run 1", "check 1"]

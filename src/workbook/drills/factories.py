"""Drills of a common kind: an object that is patched, answers that are another system's."""

from collections.abc import Callable, Mapping

from workbook.course.manifest import TARGETS
from workbook.drills.drill import Drill, NothingToBreak, System
from workbook.drills.objects import Patch, change, put_back
from workbook.learner.answers import answers_file, read_answers, write_answer
from workbook.targets.kubernetes import APP

Wait = Callable[[System], object]


def _no_wait(system: System) -> None:
    """What a drill does that shows at once."""


def patch_drill(
    kind: str,
    patch: Patch | Callable[[System], Patch],
    *,
    title: str,
    difficulty: int,
    turns_red: Callable[..., object],
    hints: tuple[str, ...],
    way_back: str,
    name: str = APP,
    where: Mapping[str, str] | None = None,
    shows: Wait = _no_wait,
    recovers: Wait = _no_wait,
    targets: tuple[str, ...] = TARGETS,
    also: tuple[Callable[..., object], ...] = (),
) -> Drill:
    """A drill that patches one object, and puts it back.

    Args:
        kind: of the object, as kubectl calls it.
        patch: operations of a JSON patch, or what makes them from the learner's system.
        title: of the drill, as are difficulty, turns_red, hints, way_back, targets and also.
        name: of the object.
        where: its namespace by target, if that is not the API's.
        shows: waits until the cluster shows the break.
        recovers: waits until the cluster shows that the object is back.
    """

    def break_it(system: System) -> None:
        operations = patch(system) if callable(patch) else patch
        change(system, kind, operations, name, (where or {}).get(system.choices.target, ""))
        shows(system)

    def fix(system: System) -> None:
        put_back(system, kind)
        recovers(system)

    return Drill(title, difficulty, turns_red, hints, way_back, break_it, fix, targets, also)


def wrong_answers(
    turns_red: Callable[..., object],
    answers: dict[str, str],
    *,
    hints: tuple[str, ...],
    again: str,
    title: str = "Your notes and those of a colleague were mixed up.",
) -> Drill:
    """A drill that replaces the learner's answers by those of another system.

    Args:
        turns_red: the check that judges the answers.
        answers: of another system, by question.
        hints: of the drill.
        again: the question that its way back answers again, as an example.
        title: of the drill.
    """

    def break_it(system: System) -> None:
        if not read_answers(system.phase):
            first = f"./workbook answer {system.phase.number}"
            raise NothingToBreak("You have answered no question yet.", first)
        system.keep(answers_file(system.phase))
        for question, answer in answers.items():
            write_answer(system.phase, question, answer)

    def fix(system: System) -> None:
        system.put_back(answers_file(system.phase))

    number = turns_red.__module__.split(".")[1].removeprefix("phase")
    way_back = (
        "Your own answers are back. To answer a question again:\n"
        f"  ./workbook answer {number} {again} YOUR_ANSWER"
    )
    easy = 1  # the check names each wrong answer
    return Drill(title, easy, turns_red, hints, way_back, break_it, fix)

"""`status`: where the learner is, phase by phase, and what is next."""

from collections.abc import Iterator

from rich.markup import escape

from workbook.checks.check import read_results
from workbook.cli.actions import console
from workbook.cli.drilling import drills_in_a_line
from workbook.cli.next_step import is_begun, next_step
from workbook.course.lesson import questions, title_of
from workbook.course.phase import Phase, phases, root
from workbook.drills.of_phase import is_newer
from workbook.exercises.exercise import Exercises
from workbook.learner.answers import open_questions
from workbook.learner.background import Background
from workbook.learner.choices import Choices, load_choices
from workbook.learner.drills import UnderWay, drill_under_way, in_words
from workbook.lessons.going_back import was_left
from workbook.targets.local.cluster import Cluster


def status() -> None:
    """Show what is done in each phase, what is left, what runs, and what to do next."""
    home = root()
    choices = load_choices(home)
    console.print(f"target {choices.target}, port {choices.port}")
    if record := Cluster(home).record():
        ready = "made" if record.authority else "not finished: ./workbook up"
        console.print(f"local cluster: Kubernetes {record.kubernetes}, {ready}")
    there_are = phases(home, choices.target)
    drill = drill_under_way(home, choices.target)
    for phase in there_are:
        title = escape(title_of(phase.lesson.read_text(encoding="utf-8")))
        if is_begun(phase) or (drill and drill[0] == phase):
            console.print(f"\n[bold]{title}[/bold]")
            for line in _lines(phase, choices, drill):
                console.print(f"  {line}")
        elif was_left(phase):
            console.print(f"\n[bold]{title}[/bold]")
            console.print(f"  you went back to an earlier phase: ./workbook goto {phase.number}")
        else:
            console.print(f"\n[bold]{title}[/bold]: not begun")
    console.print(f"\n[bold]Next: {escape(next_step(there_are))}[/bold]")


def _lines(phase: Phase, choices: Choices, drill: tuple[Phase, UnderWay] | None) -> Iterator[str]:
    """What is done in a phase and what is left of it, as markup."""
    kept = read_results(phase)
    if kept is None:
        yield f"not checked yet: ./workbook check {phase.number}"
    elif drill and not is_newer(kept, drill[1]):
        yield f"last checked at {escape(kept.checked)}, before the drill began"
    else:
        yield f"{kept.passed} of {len(kept.results)} checks passed at {escape(kept.checked)}"
        for line in kept.broken:
            yield f"[red]✘[/red] promised by an earlier phase: {escape(line)}"
    asked = questions(phase.lesson.read_text(encoding="utf-8"))
    if left := len(open_questions(phase)):
        answered = len(asked) - left
        yield f"{answered} of {len(asked)} questions answered: ./workbook answer {phase.number}"
    for program in Background(phase.state).running():
        if not (drill and program.is_of_drill):  # which would tell the cause
            yield f"running: {escape(program.title)} (process {program.pid})"
    if drill and drill[0] == phase:
        lasts = f"for {in_words(drill[1].seconds)}, since {drill[1].begun}"
        yield f"drill under way {lasts}: ./workbook check {phase.number}"
        yield f"if you are stuck: ./workbook drill {phase.number} --hint"
    elif kept is not None:
        yield drills_in_a_line(phase, choices)
    exercises = Exercises(phase)
    if names := exercises.names():
        passed = sum(bool(record and record.passed) for record in map(exercises.record, names))
        yield f"{passed} of {len(names)} exercises passed: ./workbook exercise {phase.number}"

"""`status`: where the learner is, phase by phase."""

from rich.markup import escape

from workbook.checks.check import read_results
from workbook.cli.actions import console
from workbook.cli.drilling import drills_in_a_line
from workbook.course.lesson import title_of
from workbook.course.phase import phases, root
from workbook.drills.of_phase import is_newer
from workbook.exercises.exercise import Exercises
from workbook.learner.background import Background
from workbook.learner.choices import load_choices
from workbook.learner.drills import drill_under_way, in_words
from workbook.targets.local.cluster import Cluster


def status() -> None:
    """Show where you are: phases, checks, running programs, the drill under way."""
    home = root()
    choices = load_choices(home)
    console.print(f"target {choices.target}, port {choices.port}")
    if record := Cluster(home).record():
        ready = "made" if record.authority else "not finished: ./workbook up"
        console.print(f"local cluster: Kubernetes {record.kubernetes}, {ready}")
    drill = drill_under_way(home, choices.target)
    for phase in phases(home, choices.target):
        title = title_of(phase.lesson.read_text(encoding="utf-8"))
        console.print(f"\n[bold]{escape(title)}[/bold]")
        kept = read_results(phase)
        if kept is None:
            console.print(f"  not checked yet: ./workbook check {phase.number}")
        elif drill and not is_newer(kept, drill[1]):
            console.print(f"  last checked at {escape(kept.checked)}, before the drill began")
        else:
            total = len(kept.results)
            console.print(f"  {kept.passed} of {total} checks passed at {escape(kept.checked)}")
            for line in kept.broken:
                console.print(f"  [red]✘[/red] promised by an earlier phase: {escape(line)}")
        for program in Background(phase.state).running():
            if not (drill and program.is_of_drill):  # which would tell the cause
                console.print(f"  running: {escape(program.title)} (process {program.pid})")
        if drill and drill[0] == phase:
            lasts = f"for {in_words(drill[1].seconds)}, since {drill[1].begun}"
            console.print(f"  a drill has been under way {lasts}: ./workbook check {phase.number}")
            console.print(f"  if you are stuck: ./workbook drill {phase.number} --hint")
        elif kept is not None:
            console.print(f"  {drills_in_a_line(phase, choices)}")
        exercises = Exercises(phase)
        if names := exercises.names():
            records = map(exercises.record, names)
            passed = sum(bool(record and record.passed) for record in records)
            console.print(
                f"  {passed} of {len(names)} exercises passed: ./workbook exercise {phase.number}"
            )

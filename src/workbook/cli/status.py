"""`status`: where the learner is, phase by phase."""

from rich.markup import escape

from workbook.checks.check import read_results
from workbook.cli.actions import console
from workbook.course.lesson import title_of
from workbook.course.phase import phases, root
from workbook.drills.drill import Drills, System
from workbook.learner.background import Background
from workbook.learner.choices import load_choices
from workbook.targets.local.cluster import Cluster


def status() -> None:
    """Show where you are: phases, checks, running programs, the drill under way."""
    home = root()
    choices = load_choices(home)
    console.print(f"target {choices.target}, port {choices.port}")
    if record := Cluster(home).record():
        ready = "made" if record.authority else "not finished: ./workbook up"
        console.print(f"local cluster: Kubernetes {record.kubernetes}, {ready}")
    for phase in phases(home, choices.target):
        title = title_of(phase.lesson.read_text(encoding="utf-8"))
        console.print(f"\n[bold]{escape(title)}[/bold]")
        kept = read_results(phase)
        if kept is None:
            console.print(f"  not checked yet: ./workbook check {phase.number}")
        else:
            total = len(kept.results)
            console.print(f"  {kept.passed} of {total} checks passed at {escape(kept.checked)}")
            for line in kept.broken:
                console.print(f"  [red]✘[/red] promised by an earlier phase: {escape(line)}")
        for program in Background(phase.state).running():
            console.print(f"  running: {escape(program.title)} (process {program.pid})")
        drills = Drills(System(phase, choices, Background(phase.state)))
        if name := drills.under_way():
            console.print(f"  drill under way: {name} (./workbook drill {phase.number} --hint)")

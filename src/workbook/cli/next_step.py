"""What a learner does next: one command, and where in the lesson it leads."""

from workbook.checks.check import Checked, checks_of, read_results
from workbook.course.lesson import anchor_of, checklist, sections
from workbook.course.phase import Phase
from workbook.exercises.exercise import Exercises
from workbook.learner.answers import open_questions
from workbook.learner.drills import drill_names, drill_under_way, read_ended
from workbook.learner.runs import read_run
from workbook.lessons.going_back import was_begun, was_left
from workbook.outcome import Outcome
from workbook.targets.local.cluster import Cluster


def next_step(there_are: list[Phase]) -> str:
    """The next step, as a command with a few words.

    Args:
        there_are: the phases of the learner's target, at least one, in order.
    """
    first = there_are[0]
    if drill := drill_under_way(first.root, first.target):
        return f"./workbook check {drill[0].number}, and find what the drill broke"
    begun = [phase for phase in there_are if is_begun(phase)]
    if not begun:
        return f"./workbook start, or ./workbook lab {first.number}"
    answer = [_of_questions(phase, begun) for phase in begun]
    steps = [_of_system(begun[-1]) or answer[-1] or _of_practice(begun[-1]), *answer]
    steps += [_of_new(phase) for phase in there_are if phase.number > begun[-1].number]
    return next(filter(None, steps), "you have done every phase. ./workbook drill --random")


def is_begun(phase: Phase) -> bool:
    """Whether the learner is in a phase or past it: has begun it, or has checked it."""
    checked = phase.has_state and read_results(phase) is not None
    return was_begun(phase) or (checked and not was_left(phase))


def _of_new(phase: Phase) -> str:
    verb = "goto" if was_left(phase) else "lab"
    return f"{_up_for(phase)}./workbook {verb} {phase.number}"


def _up_for(phase: Phase) -> str:
    """What comes before a phase that needs the local cluster, while that does not exist."""
    needs_it = phase.has("cluster") and phase.target == "local"
    return "./workbook up, then " if needs_it and Cluster(phase.root).record() is None else ""


def _of_system(phase: Phase) -> str:
    kept = read_results(phase)
    check = f"./workbook check {phase.number}"
    if up := _up_for(phase):
        verb = "goto" if kept and kept.is_complete else "lab"
        return f"{up}./workbook {verb} {phase.number}"
    if kept is None:
        return f"{check}, to see how far you are"
    if kept.is_complete:
        return ""
    wrong = [r for r in [*kept.results, *kept.promises] if r.outcome is Outcome.WRONG]
    if any(not result.judged for result in wrong):
        return f"{check}, which says what is wrong and how to fix it"
    return f"./workbook lab {phase.number}{_where(phase, kept)}"


def _where(phase: Phase, kept: Checked) -> str:
    """The section of the lesson whose line is the first that does not pass, and its minutes."""
    names = [r.name for r in kept.results if r.outcome is not Outcome.PASSED and not r.judged]
    read = {function.__name__: check.read for function, check in checks_of(phase).items()}
    anchor = next((read[name].partition("#")[2] for name in names if name in read), "")
    found = sections(phase.lesson.read_text(encoding="utf-8"))
    section = next((each for each in found if anchor_of(each.heading) == anchor), None)
    if section is None:
        return ""
    where = f", section “{section.heading}”"
    if section.minutes:
        return f"{where} (about {section.minutes} minutes)"
    run = read_run(phase.state)
    took = [each.seconds for each in run.sections if each.name == section.heading] if run else []
    return f"{where} (its commands took {took[0]:.0f} s)" if took else where


def _of_questions(phase: Phase, begun: list[Phase]) -> str:
    left = open_questions(phase) or _has_wrong_answers(phase, begun)
    return f"./workbook answer {phase.number}" if left else ""


def _has_wrong_answers(phase: Phase, begun: list[Phase]) -> bool:
    """Whether an answer is wrong: so the latest checks say, the phase's or a later one's."""
    there_are = [checked for each in begun if (checked := read_results(each))]
    newest_last = sorted(there_are, key=lambda checked: checked.checked)
    results = {r.line: r for each in newest_last for r in [*each.results, *each.promises]}
    lines = checklist(phase.lesson.read_text(encoding="utf-8"))
    judged = [results[line].judged for line in lines if line in results]
    return any(each.wrong for each in judged if each)


def _of_practice(phase: Phase) -> str:
    """A drill and an exercise, where the learner has done none of the phase."""
    if drill_names(phase) and not any(each.by_hand for each in read_ended(phase).values()):
        return f"./workbook drill {phase.number}"
    exercises = Exercises(phase)
    passed = [name for name in exercises.names() if (r := exercises.record(name)) and r.passed]
    return f"./workbook exercise {phase.number}" if exercises.names() and not passed else ""

"""The learner's answers to the questions of a lesson."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from workbook.course.phase import Phase
from workbook.learner.store import read_state, write_json

SOLUTIONS = "solutions.json"  # the answers that a lesson itself gave when it was run

CLUSTERS = "answered-on.json"  # what the cluster is known by on which a question was answered
OF_BEFORE = "answers-of-before.json"  # the learner's own, given on another cluster


def answers_file(phase: Phase) -> Path:
    return phase.state / "answers.json"


def read_answers(phase: Phase) -> dict[str, str]:
    """The learner's answers to the lesson's questions, by question."""
    return read_state(answers_file(phase), dict[str, str]) or {}


def write_answer(phase: Phase, question: str, answer: str) -> None:
    write_json(answers_file(phase), {**read_answers(phase), question: answer})


def note_cluster(phase: Phase, question: str, cluster: str) -> None:
    """Remember on which cluster a question was answered: an answer is a fact of it."""
    write_json(phase.state / CLUSTERS, {**_clusters(phase), question: cluster})


def _clusters(phase: Phase) -> dict[str, str]:
    return read_state(phase.state / CLUSTERS, dict[str, str]) or {}


@contextmanager
def keeping_own_answers(
    phase: Phase,
    cluster: Callable[[], str] = lambda: "",
    say: Callable[[str], None] = print,
) -> Iterator[None]:
    """Let a lesson answer its questions, but those that the learner answered on this cluster.

    Args:
        phase: whose lesson is run.
        cluster: what the learner's cluster is known by; "" without one. The lesson may make it.
        say: reports which answers were of another cluster, and where they are now.
    """
    solutions = read_state(phase.state / SOLUTIONS, dict[str, str]) or {}
    own = {q: a for q, a in read_answers(phase).items() if a != solutions.get(q)}
    answered_on = _clusters(phase)
    try:
        yield
    finally:
        given = read_answers(phase)
        solved = {q: a for q, a in given.items() if a != own.get(q)}
        here = cluster()
        of_before = {q: a for q, a in own.items() if q in solved and answered_on.get(q, "") != here}
        write_json(phase.state / SOLUTIONS, solved)
        if of_before:
            file = phase.state / OF_BEFORE
            write_json(file, {**(read_state(file, dict[str, str]) or {}), **of_before})
            say(
                f"Your answers to {', '.join(of_before)} were of another cluster: they are in "
                f"{file.relative_to(phase.root)}, and the lesson's answers stand."
            )
        kept = {q: a for q, a in own.items() if q not in of_before}
        write_json(answers_file(phase), {**given, **kept})

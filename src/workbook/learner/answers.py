"""The learner's answers to the questions of a lesson."""

from contextlib import AbstractContextManager
from pathlib import Path

from workbook.course.lesson import questions
from workbook.course.phase import Phase
from workbook.learner.store import one_after_the_other, read_state, write_json

GIVES_ANSWERS = "WORKBOOK_SOLUTIONS"  # set where a lesson is run with --answers

SOLUTIONS = "solutions.json"  # the answers that the lesson gave then
CLUSTERS = "answered-on.json"  # what the cluster is known by on which a question was answered
LOCK = "answers.lock"
OF_BEFORE = "answers-of-before.json"  # those that were given on another cluster


def answers_file(phase: Phase) -> Path:
    return phase.state / "answers.json"


def read_answers(phase: Phase) -> dict[str, str]:
    """The answers to the lesson's questions, by question."""
    return _read(answers_file(phase))


def open_questions(phase: Phase) -> list[str]:
    """The lesson's questions that have no answer yet."""
    given = read_answers(phase) if phase.has_state else {}
    return [q for q in questions(phase.lesson.read_text(encoding="utf-8")) if q not in given]


def write_answer(phase: Phase, question: str, answer: str, cluster: str | None = None) -> None:
    """Record an answer.

    Args:
        phase: whose lesson asks.
        question: its name.
        answer: in the learner's words.
        cluster: what the cluster is known by that the answer is a fact of; None for none.
    """
    with _in_turn(phase):
        _write(phase, question, answer, cluster)


def _write(phase: Phase, question: str, answer: str, cluster: str | None) -> None:
    if cluster is not None:  # first: an answer without its cluster counts as one of before
        write_json(phase.state / CLUSTERS, {**_read(phase.state / CLUSTERS), question: cluster})
    write_json(answers_file(phase), {**read_answers(phase), question: answer})


def give_solution(phase: Phase, question: str, answer: str, cluster: str | None) -> bool:
    """Record a lesson's own answer, unless the learner has answered; returns whether it did.

    Args:
        phase: whose lesson is run with --answers.
        question: its name.
        answer: of the lesson.
        cluster: as for `write_answer`. An answer that the learner gave on another one is set aside.
    """
    with _in_turn(phase):
        _set_aside(phase, cluster)
        solutions = _read(phase.state / SOLUTIONS)
        given = read_answers(phase).get(question)
        if given is not None and given != solutions.get(question):
            return False
        write_json(phase.state / SOLUTIONS, {**solutions, question: answer})
        _write(phase, question, answer, cluster)
        return True


def set_aside_answers(phase: Phase, cluster: str | None) -> None:
    """Move the answers that were given on another cluster into a file of their own."""
    with _in_turn(phase):
        _set_aside(phase, cluster)


def _set_aside(phase: Phase, cluster: str | None) -> None:
    if not cluster:
        return
    answered_on = _read(phase.state / CLUSTERS)
    given = read_answers(phase)
    of_before = {q: a for q, a in given.items() if answered_on.get(q, "") != cluster}
    if of_before:
        write_json(phase.state / OF_BEFORE, {**answers_of_before(phase), **of_before})
        kept = {q: a for q, a in given.items() if q not in of_before}
        write_json(answers_file(phase), kept)


def answers_of_before(phase: Phase) -> dict[str, str]:
    """The answers that were given on another cluster, by question."""
    return _read(phase.state / OF_BEFORE)


def _in_turn(phase: Phase) -> AbstractContextManager[None]:
    """The terminal and JupyterLab may answer at the same moment."""
    return one_after_the_other(phase.state / LOCK)


def _read(file: Path) -> dict[str, str]:
    return read_state(file, dict[str, str]) or {}

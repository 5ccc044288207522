"""`answer`: the questions of a lesson, asked and judged in the terminal."""

import os
from typing import Annotated

import typer
from rich.markup import escape

from workbook.checks.answering import (
    Verdict,
    answer_question,
    checked_answer,
    cluster_of,
    judge,
    questions_of,
    refuse_unknown,
)
from workbook.checks.check import read_results
from workbook.checks.questions import Question
from workbook.checks.screen import in_our_environment
from workbook.cli.actions import NOT_STARTED, PASSED, WRONG, console
from workbook.cli.arguments import Number, chosen_phase
from workbook.cli.next_step import next_step
from workbook.course.lesson import question_texts
from workbook.course.phase import Phase, phases
from workbook.learner.answers import GIVES_ANSWERS, give_solution, read_answers

COLOURS = {True: "green", False: "red", None: "yellow"}
STATUSES = {True: PASSED, False: WRONG, None: NOT_STARTED}


def answer(
    number: Number,
    question: Annotated[str, typer.Argument(help="The question's name in the lesson.")] = "",
    words: Annotated[
        list[str] | None, typer.Argument(metavar="ANSWER", help="Your answer.", show_default=False)
    ] = None,
) -> None:
    """Answer the questions of a lesson, one by one. Each answer is judged at once.

    Exit status, where you give the answer yourself: 0 it is right; 1 it is wrong; 10 it cannot be
    judged yet.
    """
    phase, _ = chosen_phase(number)
    if words is None:
        _ask(phase, question)
    elif GIVES_ANSWERS in os.environ:  # in a lesson that is run: its check judges all of them
        _give(phase, question, " ".join(words))
    else:
        verdict = answer_question(phase, question, " ".join(words))
        _show(verdict)
        if verdict.right is False:
            _show_look(questions_of(phase)[question])
        raise typer.Exit(STATUSES[verdict.right])


def _give(phase: Phase, question: str, words: str) -> None:
    given = checked_answer(phase, question, words)
    mine = give_solution(phase, question, given, cluster_of(phase))
    print(f"{question}: {given if mine else 'your own answer is kept'}")


def _ask(phase: Phase, only: str) -> None:
    """Ask the questions that have no right answer yet, or only one."""
    if only:
        refuse_unknown(phase, only)
    asked = questions_of(phase)
    if not asked:
        print(f"Lesson {phase.number} asks no questions.")
        return
    with console.status("looking at your system"):
        verdicts = judge(phase)
    left = [name for name in asked if name in verdicts.judged.open or not verdicts.of(name).right]
    if only:
        left = [only]
    if not left:
        console.print(f"All {len(asked)} questions are answered, and every answer is right.")
        _say_next(phase)
        return
    if verdicts.reason:
        console.print(f"Your answers cannot be judged yet: {escape(verdicts.reason)}.")
    console.print("Type your answer and press Enter. An empty line skips a question; Ctrl-D ends.")
    texts = question_texts(phase.lesson.read_text(encoding="utf-8"))
    try:
        right = [
            _ask_one(phase, name, asked[name], texts[name], f"{place} of {len(left)}")
            for place, name in enumerate(left, 1)
        ]
    except typer.Abort:  # Ctrl-D; Ctrl-C ends the command by itself
        console.print("\nEnded. Every answer that you gave is recorded.")
        return
    console.print(f"\n{sum(right)} of {len(left)} answers are right.")
    if all(right):
        _say_next(phase)


def _say_next(phase: Phase) -> None:
    check = f"./workbook check {phase.number}"
    is_checked = read_results(phase) is not None
    next_ = next_step(phases(phase.root, phase.target)) if is_checked else check
    console.print(f"Next: {escape(next_)}")


def _ask_one(phase: Phase, name: str, question: Question, text: str, place: str) -> bool:
    """Ask one question until its answer is right or the learner skips it; whether it is right."""
    console.print(f"\n[bold]Question {place}: {name}[/bold]")
    from rich.markdown import Markdown  # no other verb needs its long imports

    console.print(Markdown(text[:1].upper() + text[1:]), soft_wrap=False)
    _show_look(question)
    if recorded := read_answers(phase).get(name):
        console.print(f"  Your recorded answer: {escape(recorded)}")
    while given := typer.prompt(
        f"Your answer ({question.form.text})", default="", show_default=False
    ).strip():
        with console.status("looking at your system"):
            verdict = answer_question(phase, name, given)
        _show(verdict)
        if verdict.right is not False:
            return verdict.right is True
        console.print("  Try again, or press Enter to go on.")
    return False


def _show(verdict: Verdict) -> None:
    console.print(f"  {verdict.shown}", style=COLOURS[verdict.right], markup=False)


def _show_look(question: Question) -> None:
    console.print(f"  Where to look: {escape(in_our_environment(question.look))}")

"""Questions of a lesson whose answers are facts of the learner's own system.

Like check.py, this needs the standard library only.
"""

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass

from workbook.course.phase import Phase
from workbook.learner.answers import read_answers
from workbook.learner.store import kept
from workbook.outcome import Finding, NotStarted, Wrong

Judge = Callable[[str], bool]  # whether an answer is right; NotStarted where that is not known yet


@dataclass(frozen=True)
class Form:
    """What an answer looks like, right or wrong."""

    text: str  # "a whole number from 0 to 100"
    fits: Callable[[str], bool]


def form(text: str, pattern: str) -> Form:
    """A form that a regular expression describes.

    Args:
        text: the form in words.
        pattern: which the whole answer matches.
    """
    return Form(text, lambda given: re.fullmatch(pattern, given) is not None)


def whole_number(low: int = 0, high: int | None = None) -> Form:
    """A whole number in a range; units such as `x`, `%` and `s` may follow it."""

    def fits(given: str) -> bool:
        number = _number(given)
        return number is not None and number == int(number) and low <= number <= (high or number)

    return Form("a whole number" + (f" from {low} to {high}" if high else ""), fits)


POD = form("a pod's name, such as ml-api-5d59d67564-x2v4q", r"(pods?/)?[a-z0-9-]+-[a-z0-9]{5}")
ENDPOINT = form("an address and a port, such as 10.0.0.1:1234", r"[\d.]+:\d+")
ADDRESS = form("an address, such as 10.0.0.1", r"[\d.]+")


@dataclass(frozen=True)
class Question:
    """What is asked, what an answer looks like, and where the answer is found."""

    asked: str
    form: Form
    look: str  # the command that shows it, or the section of the lesson that does


@kept
@dataclass(frozen=True)
class Judged:
    """What became of the questions that are not answered rightly, by question."""

    wrong: dict[str, str]  # why
    unknown: dict[str, str]  # what is missing in the learner's system to judge the answer
    open: list[str]  # not answered yet


class WrongAnswers(Wrong):
    """Some answers are wrong."""

    def __init__(self, phase: Phase, questions: Mapping[str, Question], judged: Judged) -> None:
        asked = {name: questions[name] for name in judged.wrong}
        super().__init__(
            expected="\n".join(f"{name}: {each.asked}" for name, each in asked.items()),
            found="\n".join(f"{name}: {why}" for name, why in judged.wrong.items()),
            why="an answer is a fact of your own system; another system has another answer",
            run_next=f"./workbook answer {phase.number}",
        )
        self.judged = judged


class OpenQuestions(NotStarted):
    """No answer is wrong, but some questions are open, or cannot be judged yet."""

    def __init__(self, phase: Phase, judged: Judged) -> None:
        reasons = list(dict.fromkeys(judged.unknown.values()))
        if judged.open:
            reasons.append(f"answer {', '.join(judged.open)}: ./workbook answer {phase.number}")
        super().__init__("; ".join(reasons))
        self.judged = judged


def judged_by(finding: Finding) -> Judged | None:
    """What a finding says of the questions; None where it is of something else."""
    return finding.judged if isinstance(finding, WrongAnswers | OpenQuestions) else None


def understood(
    phase: Phase, questions: Mapping[str, Question], is_right: Mapping[str, Judge]
) -> str:
    """Judge the learner's answers.

    Args:
        phase: whose answers are read.
        questions: of the lesson, by name, in its order.
        is_right: judges the answer to each question, without the spaces and quotes around it.

    Raises:
        WrongAnswers: an answer is wrong.
        OpenQuestions: no answer is wrong, but a question is open.
    """
    answers = read_answers(phase)
    judged = Judged({}, {}, [name for name in questions if name not in answers])
    for name, question in questions.items():
        if name in answers:
            given = plain(answers[name])
            try:
                if not is_right[name](given):
                    judged.wrong[name] = _why_wrong(given, question)
            except NotStarted as missing:
                judged.unknown[name] = str(missing)
    if judged.wrong:
        raise WrongAnswers(phase, questions, judged)
    if judged.unknown or judged.open:
        raise OpenQuestions(phase, judged)
    return f"{len(questions)} questions answered"


def plain(answer: str) -> str:
    """An answer without the spaces and quotes around it."""
    return answer.strip().strip("\"'` ")


def _why_wrong(given: str, question: Question) -> str:
    if question.form.fits(given):
        return f"your system does not confirm {given!r}"
    return f"expected {question.form.text}; you gave {given!r}"


def not_yet(reason: str) -> Judge:
    """Judge no answer: the learner's system does not have the fact yet."""

    def judge(given: str) -> bool:
        raise NotStarted(reason)

    return judge


def is_near(number: float, within: float) -> Judge:
    """Whether an answer is this number, or close to it; units such as `x`, `%` and `s` may follow.

    Args:
        number: the right answer.
        within: how far an answer may be away.
    """

    def judge(given: str) -> bool:
        answer = _number(given)
        return answer is not None and abs(answer - number) <= within

    return judge


def is_one_of(names: Container[str]) -> Judge:
    """Whether an answer is one of these names; kubectl's `pod/NAME` counts as NAME."""
    return lambda given: given.rpartition("/")[2] in names


def _number(given: str) -> float | None:
    """The number that an answer is, without its unit; None for other text."""
    digits = given.replace(",", "").rstrip("x×%s ")
    return float(digits) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", digits) else None

"""Answer a lesson's questions: record an answer, and judge it by the check of the questions."""

import importlib
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workbook.checks.check import Checked, renew_result
from workbook.checks.questions import Judged, Question
from workbook.checks.running import checks_command, checks_environment
from workbook.course.lesson import questions
from workbook.course.phase import Phase
from workbook.errors import WorkbookError
from workbook.learner.answers import read_answers, write_answer
from workbook.learner.store import read_state
from workbook.outcome import Outcome
from workbook.programs import TookTooLong, run
from workbook.targets.opening import authority_of

QUESTIONS = "test_understanding"  # the module of a phase's checks that asks and judges
SECONDS_TO_JUDGE = 180
SIGNS = {True: "✔", False: "✘", None: "?"}


@dataclass(frozen=True)
class Verdict:
    """What became of one answer."""

    right: bool | None  # None: that cannot be known yet
    text: str  # a sentence for the learner

    @property
    def shown(self) -> str:
        """The sentence after its sign."""
        return f"{SIGNS[self.right]} {self.text}"


@dataclass(frozen=True)
class Verdicts:
    """What became of the answers of a phase."""

    phase: int
    judged: Judged
    reason: str = ""  # why none could be judged

    def of(self, question: str) -> Verdict:
        """What became of the answer to a question that is answered."""
        if reason := self.reason or self.judged.unknown.get(question, ""):
            later = f"Later: ./workbook check {self.phase}"
            return Verdict(None, f"Recorded, but it cannot be judged yet ({reason}). {later}")
        if why := self.judged.wrong.get(question):
            return Verdict(False, f"Not right: {why}.")
        return Verdict(True, "Right.")


def questions_of(phase: Phase) -> Mapping[str, Question]:
    """The questions of a phase's lesson, by name; none where its lesson asks none."""
    if not (phase.checks / f"{QUESTIONS}.py").exists():
        return {}
    if str(phase.root) not in sys.path:  # the checks are no part of the package
        sys.path.insert(0, str(phase.root))
    module = importlib.import_module(f"checks.{phase.name}.{QUESTIONS}")
    found: Mapping[str, Question] = module.QUESTIONS
    return found


def cluster_of(phase: Phase) -> str | None:
    """What the cluster is known by that a phase's answers are facts of; None without one."""
    return authority_of(phase.root, phase.target) if phase.has("cluster") else None


def answer_question(phase: Phase, question: str, words: str) -> Verdict:
    """Record an answer, and judge it.

    Raises:
        WorkbookError: the lesson has no such question, or the answer is empty.
    """
    write_answer(phase, question, checked_answer(phase, question, words), cluster_of(phase))
    return judge(phase).of(question)


def checked_answer(phase: Phase, question: str, words: str) -> str:
    """An answer as it is recorded.

    Raises:
        WorkbookError: the lesson has no such question, or the answer is empty.
    """
    refuse_unknown(phase, question)
    given = words.strip().encode("utf-8", "replace").decode()
    if not given:
        raise WorkbookError(
            f"The answer to {question} is empty.", f"./workbook answer {phase.number}"
        )
    return given


def refuse_unknown(phase: Phase, question: str) -> None:
    """Refuse the name of a question that the lesson does not ask.

    Raises:
        WorkbookError: it does not.
    """
    asked = questions(phase.lesson.read_text(encoding="utf-8"))
    if question not in asked:
        there_are = ", ".join(asked) or "none"
        raise WorkbookError(
            f"Lesson {phase.number} has no question {question!r}. It has: {there_are}."
        )


def judge(phase: Phase) -> Verdicts:
    """Judge the recorded answers of a phase by the check that asks for them.

    What it finds replaces what the last checks found of them: so `status` agrees.
    """
    names = [*questions_of(phase)]
    given = read_answers(phase)
    still_open = Judged({}, {}, [name for name in names if name not in given])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "results.json"
        command = checks_command(phase.checks / f"{QUESTIONS}.py", f"--results={file}")
        try:
            done = run(
                command, SECONDS_TO_JUDGE, directory=phase.root, environment=checks_environment()
            )
        except TookTooLong as error:
            return Verdicts(phase.number, still_open, str(error).rstrip("."))
        checked = read_state(file, Checked)
    if checked is None or not checked.results:
        said = (done.stdout + done.stderr).strip().splitlines()
        failed = f"the check itself failed: {said[-1] if said else 'it says nothing'}"
        return Verdicts(phase.number, still_open, failed)
    (result,) = checked.results
    if result.outcome is Outcome.PASSED or result.judged:
        renew_result(phase, result)
    if result.outcome is Outcome.PASSED:
        return Verdicts(phase.number, still_open)
    if result.judged:
        return Verdicts(phase.number, result.judged)
    rows = result.rows
    reason = rows.get("not started") or rows.get("cannot be known") or rows.get("found", "")
    return Verdicts(phase.number, still_open, reason.rstrip("."))

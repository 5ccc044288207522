"""`answer`: asked in a terminal, judged at once, and nothing that was answered is lost."""

import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pexpect
import psutil
import pytest
from copies import clean_environment
from small_workbook import Small

from workbook.checks.check import Result, keep_results, read_results, renew_result
from workbook.course.phase import Phase
from workbook.learner.store import read_json
from workbook.outcome import Outcome

LESSON = """# Small

## You understand

Two questions.

**`fruit`**: which *fruit* is it?
One word.

**`number`**: how many
are there?

## Phase complete when

- [ ] You understand
"""
CHECK = '''
from pathlib import Path
import pytest
from workbook.checks.check import check
from workbook.checks.questions import Question, form, is_near, is_one_of, understood, whole_number
from workbook.course.phase import Phase
from workbook.outcome import NotStarted

QUESTIONS = {
    "fruit": Question("the fruit", form("a word", r"[a-z]+"), "cat fruit.txt"),
    "number": Question("the number", whole_number(0, 9), "lesson 0"),
}

@pytest.fixture
def fruit() -> str:
    if not Path("fruit.txt").exists():
        raise NotStarted("pick a fruit first")
    return Path("fruit.txt").read_text()

@check(read="phases/phase0/README.md#you-understand")
def test_understood(phase: Phase, fruit: str) -> str:
    """You understand"""
    return understood(phase, QUESTIONS, {"fruit": is_one_of({fruit}), "number": is_near(3, 0)})
'''
PROGRAM = [sys.executable, "-m", "workbook"]
SECONDS = 60


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "small"
    Small(home)
    (home / "phases/phase0/README.md").write_text(LESSON)
    (home / "checks/phase0/test_understanding.py").write_text(CHECK)
    (home / "fruit.txt").write_text("pear")
    return home


def environment(home: Path, **more: str) -> dict[str, str]:
    return clean_environment(WORKBOOK_ROOT=str(home), COLUMNS="80", TERM="dumb", **more)


def answer(home: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*PROGRAM, "answer", "0", *words],
        cwd=home,
        env=environment(home, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


def workbook(home: Path, *words: str) -> str:
    """What another verb says."""
    return subprocess.run(
        [*PROGRAM, *words],
        cwd=home,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    ).stdout


def asked(home: Path) -> "pexpect.spawn[str]":
    """`answer 0`, in a terminal."""
    program, *words = [*PROGRAM, "answer", "0"]
    return pexpect.spawn(
        program, words, cwd=home, env=environment(home), timeout=SECONDS, encoding="utf-8"
    )


def answers(home: Path) -> dict[str, str]:
    return read_json(home / ".workbook/local/phase0/answers.json") or {}


def test_an_answer_on_the_command_line_is_judged_at_once(home: Path) -> None:
    wrong = answer(home, "fruit", "apple")
    assert wrong.returncode == 1
    assert "✘ Not right: your system does not confirm 'apple'." in wrong.stdout
    assert "Where to look: cat fruit.txt" in wrong.stdout
    assert "pear" not in wrong.stdout
    of_another_kind = answer(home, "number", "0.3")
    assert of_another_kind.returncode == 1
    assert "expected a whole number from 0 to 9; you gave '0.3'" in of_another_kind.stdout
    right = answer(home, "fruit", "pear")
    assert right.returncode == 0
    assert "✔ Right." in right.stdout
    assert answers(home) == {"fruit": "pear", "number": "0.3"}


def test_an_answer_that_cannot_be_judged_yet_is_recorded(home: Path) -> None:
    (home / "fruit.txt").unlink()
    done = answer(home, "fruit", "pear")
    assert done.returncode == 10
    assert "Recorded, but it cannot be judged yet (pick a fruit first)." in done.stdout
    assert "Later: ./workbook check 0" in done.stdout
    assert answers(home) == {"fruit": "pear"}


def test_a_check_that_fails_itself_judges_nothing(home: Path) -> None:
    check = home / "checks/phase0/test_understanding.py"
    check.write_text(CHECK.replace("return Path", "return 1 / 0, Path"))
    done = answer(home, "fruit", "pear")
    assert done.returncode == 10
    assert "Recorded, but it cannot be judged yet (the check itself failed: " in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert answers(home) == {"fruit": "pear"}


@pytest.mark.parametrize("words", ["", "   "])
def test_an_empty_answer_is_refused(home: Path, words: str) -> None:
    done = answer(home, "fruit", words)
    assert done.returncode == 2
    assert "The answer to fruit is empty." in done.stderr
    assert answers(home) == {}


def test_a_lesson_that_is_run_keeps_the_learners_own_answer(home: Path) -> None:
    assert answer(home, "fruit", "apple").returncode == 1
    for question, given in (("fruit", "pear"), ("number", "3")):
        assert answer(home, question, given, WORKBOOK_SOLUTIONS="1").returncode == 0
    assert answers(home) == {"fruit": "apple", "number": "3"}


def test_questions_are_asked_until_the_answer_is_right(home: Path) -> None:
    terminal = asked(home)
    terminal.expect("Question 1 of 2: fruit")
    terminal.expect("Which fruit is it\\? One word.")
    terminal.expect("Where to look: cat fruit.txt")
    terminal.expect_exact("Your answer (a word): ")
    terminal.sendline("apple")
    terminal.expect("Not right: your system does not confirm 'apple'")
    terminal.expect_exact("Your answer (a word): ")
    terminal.sendline("pear")
    terminal.expect_exact("✔ Right.")
    terminal.expect("Question 2 of 2: number")
    terminal.expect_exact("Your answer (a whole number from 0 to 9): ")
    terminal.sendline("3")
    terminal.expect_exact("2 of 2 answers are right.")
    terminal.expect_exact("Next: ./workbook check 0")
    terminal.expect(pexpect.EOF)
    assert terminal.wait() == 0
    assert answers(home) == {"fruit": "pear", "number": "3"}
    assert "every answer is right" in answer(home).stdout


def test_status_agrees_with_an_answer_that_was_judged_since_the_check(home: Path) -> None:
    answer(home, "fruit", "apple")
    answer(home, "number", "3")
    workbook(home, "check", "0")
    assert "Next: ./workbook answer 0" in workbook(home, "status")
    assert "Right" in answer(home, "fruit", "pear").stdout
    said = workbook(home, "status")
    assert "1 of 1 checks passed" in said
    assert "answer 0" not in said
    assert "Next: " in (next_step := answer(home).stdout)
    assert "Next: ./workbook check 0" not in next_step  # it would pass again
    assert "Not right" in answer(home, "fruit", "plum").stdout
    assert "Next: ./workbook answer 0" in workbook(home, "status")


def test_judging_an_answer_changes_no_other_line(home: Path) -> None:
    """Nor a phase that was never checked."""
    phase = Phase(0, home, "local")
    understood = Result("test_understood", "You understand", Outcome.WRONG, 0)
    other = replace(understood, line="Another line")
    answer(home, "fruit", "pear")
    answer(home, "number", "3")
    assert read_results(phase) is None
    keep_results(phase, [understood, other], [understood])
    answer(home)
    found = read_results(phase)
    assert found
    assert [each.outcome for each in found.results] == [Outcome.PASSED, Outcome.WRONG]
    assert [each.outcome for each in found.promises] == [Outcome.WRONG]


def test_renewed_result_reaches_later_phases_and_leaves_earlier_ones(tmp_path: Path) -> None:
    small = Small(tmp_path)
    for number in (1, 2, 3):
        small.add_phase(number, ("Any",))
    before = Result("test_understood", "You understand", Outcome.WRONG, 0)
    now = replace(before, outcome=Outcome.PASSED)
    earlier, same, later, unchecked = (Phase(number, tmp_path, "local") for number in range(4))
    for phase in (earlier, same, later):
        keep_results(phase, [before], [before])
    written = (earlier.state / "checks.json").stat()
    renew_result(same, now)
    kept = (earlier.state / "checks.json").stat()
    assert (kept.st_ino, kept.st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    found = {phase.number: read_results(phase) for phase in (same, later)}
    assert {n: (each.results, each.promises) for n, each in found.items() if each} == {
        1: ([now], [before]),
        2: ([before], [now]),
    }
    assert not unchecked.has_state


def test_only_open_and_wrong_questions_are_asked_and_one_can_be_skipped(home: Path) -> None:
    answer(home, "fruit", "pear")
    answer(home, "number", "4")
    terminal = asked(home)
    terminal.expect("Question 1 of 1: number")
    terminal.expect_exact("Your recorded answer: 4")
    terminal.expect_exact("Your answer")
    terminal.sendline("")
    terminal.expect_exact("0 of 1 answers are right.")
    terminal.expect(pexpect.EOF)
    assert terminal.wait() == 0
    assert answers(home) == {"fruit": "pear", "number": "4"}


@pytest.mark.parametrize(
    ("key", "status", "said"),
    [("\x03", 130, "safe to run the same command again"), ("\x04", 0, "you gave is recorded")],
    ids=["Ctrl-C", "Ctrl-D"],
)
def test_what_was_answered_before_the_end_is_kept(
    home: Path, key: str, status: int, said: str
) -> None:
    terminal = asked(home)
    terminal.expect_exact("Your answer (a word): ")
    terminal.sendline("pear")
    terminal.expect_exact("Your answer (a whole number from 0 to 9): ")
    terminal.send(key)
    terminal.expect(said)
    terminal.expect(pexpect.EOF)
    assert "Traceback" not in terminal.before
    assert terminal.wait() == status
    assert answers(home) == {"fruit": "pear"}


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_answer_that_is_ended_while_it_is_judged_is_kept(home: Path, sent: signal.Signals) -> None:
    """Its check has begun, and never comes to an end."""
    begun, check = home / "begun", home / "checks/phase0/test_understanding.py"
    waits = f"Path({str(begun)!r}).touch(); import time; time.sleep(600)"
    check.write_text(CHECK.replace("    if not Path", f"    {waits}\n    if not Path"))
    command = [*PROGRAM, "answer", "0", "fruit", "pear"]
    with subprocess.Popen(
        command, cwd=home, env=environment(home), stderr=subprocess.PIPE, text=True
    ) as judging:
        deadline = time.monotonic() + SECONDS
        while not begun.exists():
            assert time.monotonic() < deadline
            assert judging.poll() is None
            time.sleep(0.05)
        children = psutil.Process(judging.pid).children(recursive=True)
        judging.send_signal(sent)
        _, said = judging.communicate(timeout=SECONDS)
        for child in children:  # of a killed one, nothing ends what it has started
            with suppress(psutil.NoSuchProcess):
                child.kill()
    assert judging.returncode in (130, -signal.SIGTERM, -signal.SIGKILL)
    assert "Traceback" not in said
    assert answers(home) == {"fruit": "pear"}
    check.write_text(CHECK)
    assert "✔ Right." in answer(home, "number", "3").stdout
    assert answers(home) == {"fruit": "pear", "number": "3"}

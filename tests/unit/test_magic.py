"""The cells of a lesson's notebook that answer its questions."""

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import nbformat
import pytest
from copies import ROOT
from IPython.core.interactiveshell import InteractiveShell

from workbook.checks import answering
from workbook.checks.answering import Verdicts
from workbook.checks.questions import Judged
from workbook.course.phase import Phase
from workbook.learner.answers import read_answers
from workbook.lessons import magic
from workbook.lessons.magic import LessonMagic
from workbook.lessons.notebook import ANSWER_CELL, is_of_lesson, to_notebook


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Runs a cell in a kernel of phase 0, whose system has the swing word "not"."""
    phase = Phase(0, ROOT, "local")
    monkeypatch.setattr(Phase, "state", tmp_path)
    monkeypatch.setattr(magic, "_lesson_of", lambda *_: phase)
    monkeypatch.chdir(ROOT)

    def judge(phase: Phase) -> Verdicts:
        right = read_answers(phase).get("swing-word") == "not"
        return Verdicts(0, Judged({} if right else {"swing-word": "it is another word"}, {}, []))

    monkeypatch.setattr(answering, "judge", judge)
    shell = InteractiveShell()
    shell.register_magics(LessonMagic(shell))

    def run(cell: str) -> str:
        said = io.StringIO()
        with redirect_stdout(said):
            done = shell.run_cell(cell)
        return said.getvalue() + str(done.error_in_exec or "")

    yield run
    InteractiveShell.clear_instance()


def test_a_cell_without_an_answer_says_what_to_type(run: Any, tmp_path: Path) -> None:
    said = run(f"{ANSWER_CELL}swing-word")
    assert said == "Type your answer after swing-word: a word of the sentence.\n"
    assert not (tmp_path / "answers.json").exists()


def test_an_answer_is_recorded_and_judged_in_the_cell(run: Any) -> None:
    wrong, look = run("%answer swing-word food").splitlines()
    assert wrong == "✘ Not right: it is another word."
    assert look.startswith("  Where to look: ")
    assert look.endswith('python -m sentiment.explain "The food was not good"')
    assert run(f"{ANSWER_CELL}swing-word not") == "✔ Right.\n"
    assert run("%answer swing-word") == "Your recorded answer: not\n"


def test_an_unknown_question_is_named_without_a_trace(run: Any) -> None:
    said = run("%answer swing")
    assert "Lesson 0 has no question 'swing'. It has: strongest-negative-word, sw" in said
    assert "Traceback" not in said


def test_a_solution_is_run_only_with_answers(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = "%%bash\n# solution\necho the answer"
    said = run(cell)
    assert "the answer\n" not in said
    assert "into the cell with %answer" in said
    monkeypatch.setenv("WORKBOOK_SOLUTIONS", "1")
    assert run(cell) == "the answer\n"


def test_each_question_of_a_lesson_has_a_cell_right_after_its_text() -> None:
    lesson = "# One\n\nFirst.\n\n**`one`**: which\none?\n\nMore.\n\n**`two`**: how many?\n"
    cells = nbformat.reads(to_notebook(lesson), as_version=4).cells
    assert [cell.source for cell in cells if is_of_lesson(cell)] == [
        "# One\n\nFirst.\n\n**`one`**: which\none?",
        "More.\n\n**`two`**: how many?",
    ]
    assert [cell.source.split()[-1] for cell in cells if not is_of_lesson(cell)] == [
        "workbook",
        "one",
        "two",
    ]
    assert [is_of_lesson(cell) for cell in cells] == [False, True, False, True, False]
    # an answer typed right at the end of the cell is apart from the question's name
    assert [cell.source[-5:] for cell in cells if cell.source.startswith(ANSWER_CELL)] == [
        " one ",
        " two ",
    ]


@pytest.mark.parametrize(("target", "label"), [("local", "on your machine"), ("azure", "on Azure")])
def test_a_cell_for_one_target_says_so_when_it_is_folded(target: str, label: str) -> None:
    lesson = f"# One\n\n```bash\n# target: {target}\nls\n```\n\n```bash\nls\n```\n"
    cells = nbformat.reads(to_notebook(lesson), as_version=4).cells[2:]
    assert [cell.source for cell in cells] == [
        f"%%bash # {label}\n# target: {target}\nls",
        "%%bash\nls",
    ]


def test_a_hint_is_folded_apart_from_its_solution() -> None:
    solution = "```bash\n# solution\nanswer 3\n```\n\n</details>\n\n"
    fold = "<details><summary>How to find it</summary>\n\n"
    lesson = f"# One\n\n{fold}Count them.\n\nAll.\n\n{solution}{fold}{solution}Last.\n"
    cells = nbformat.reads(to_notebook(lesson), as_version=4).cells[1:]
    hint = "<details><summary>A hint</summary>\n\nCount them.\n\nAll.\n\n</details>"
    hidden = "%%bash # the answer\n# solution\nanswer 3"
    assert [cell.source for cell in cells] == [f"# One\n\n{hint}", hidden, hidden, "Last."]


def test_solution_in_python_is_coloured_and_no_cell() -> None:
    lesson = (
        "# One\n\n<details><summary>The solution</summary>\n\n```py\nx = 1\n```\n\n</details>\n"
    )
    [cell] = nbformat.reads(to_notebook(lesson), as_version=4).cells[1:]
    assert cell.cell_type == "markdown"
    assert "```python\nx = 1\n```" in cell.source

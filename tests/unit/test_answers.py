"""The learner's answers: kept, never overwritten by a lesson, and of one cluster."""

from pathlib import Path
from threading import Thread

import pytest
from copies import copy_manifests

from workbook.course.phase import Phase
from workbook.errors import WorkbookError
from workbook.learner import answers, store
from workbook.learner.answers import (
    answers_of_before,
    give_solution,
    open_questions,
    read_answers,
    set_aside_answers,
    write_answer,
)

HERE = "this cluster"


@pytest.fixture
def phase(tmp_path: Path) -> Phase:
    copy_manifests(tmp_path)
    return Phase(1, tmp_path, "local")


def test_a_lesson_answers_what_the_learner_has_not(phase: Phase) -> None:
    for question in ("one", "two"):
        assert give_solution(phase, question, "a solution", HERE)
    write_answer(phase, "two", "mine", HERE)
    assert give_solution(phase, "one", "a newer solution", HERE)
    assert not give_solution(phase, "two", "a newer solution", HERE)
    assert read_answers(phase) == {"one": "a newer solution", "two": "mine"}


def test_answers_of_another_cluster_give_way_and_are_kept(phase: Phase) -> None:
    write_answer(phase, "one", "mine", "another cluster")
    write_answer(phase, "two", "mine, too", HERE)
    assert give_solution(phase, "one", "a solution", HERE)
    assert read_answers(phase) == {"one": "a solution", "two": "mine, too"}
    assert answers_of_before(phase) == {"one": "mine"}


def test_questions_that_were_answered_on_another_cluster_are_open_again(phase: Phase) -> None:
    phase.lesson.write_text("# One\n\n**`one`**: which?\n\n**`two`**: how many?\n")
    assert open_questions(phase) == ["one", "two"]
    write_answer(phase, "one", "mine", "another cluster")
    write_answer(phase, "two", "mine", HERE)
    assert open_questions(phase) == []
    set_aside_answers(phase, HERE)
    assert open_questions(phase) == ["one"]


@pytest.mark.parametrize("cluster", [None, ""])
def test_without_a_cluster_answers_stay_where_they_are(phase: Phase, cluster: str | None) -> None:
    write_answer(phase, "one", "mine", "another cluster")
    set_aside_answers(phase, cluster)
    assert read_answers(phase) == {"one": "mine"}
    assert answers_of_before(phase) == {}


def test_two_answers_at_the_same_moment_are_both_kept(
    phase: Phase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from the terminal and JupyterLab: the second comes before the first is written."""
    second = Thread(target=write_answer, args=(phase, "second", "b", HERE))

    def write_late(path: Path, content: dict[str, str]) -> None:
        if "first" in content and second.ident is None:
            second.start()
            second.join(0.3)  # it ends within that time only where it does not wait for its turn
        store.write_json(path, content)

    monkeypatch.setattr(answers, "write_json", write_late)
    write_answer(phase, "first", "a", HERE)
    second.join()
    assert read_answers(phase) == {"first": "a", "second": "b"}
    set_aside_answers(phase, HERE)
    assert answers_of_before(phase) == {}


def test_a_turn_that_does_not_end_is_not_waited_for_without_end(
    phase: Phase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SECONDS_OF_A_TURN", 0)
    refused = pytest.raises(WorkbookError, match="wait until it has ended")
    with store.one_after_the_other(phase.state / answers.LOCK), refused:
        write_answer(phase, "first", "a")
    write_answer(phase, "first", "a")


def test_an_interruption_leaves_no_answer_without_its_cluster(
    phase: Phase, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def write_once(path: Path, content: dict[str, str]) -> None:
        if written:
            raise KeyboardInterrupt
        written.append(path.name)
        store.write_json(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(answers, "write_json", write_once)
        with pytest.raises(KeyboardInterrupt):
            write_answer(phase, "first", "a", HERE)
    assert read_answers(phase) == {}
    write_answer(phase, "first", "a", HERE)
    set_aside_answers(phase, HERE)
    assert read_answers(phase) == {"first": "a"}

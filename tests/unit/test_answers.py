"""The learner's answers: kept, never overwritten by a lesson, and of one cluster."""

from pathlib import Path

import pytest
from copies import copy_manifests

from workbook.course.phase import Phase
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

"""The questions of a lesson: what is right, what is wrong and why, what is still open."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the checks are no part of the package

from checks.phase0.test_understanding import QUESTIONS
from checks.phase0.test_understanding import test_core_logic_is_understood as core_logic
from checks.phase1.test_understanding import (
    test_kubernetes_is_understood as kubernetes_is_understood,
)
from workbook.checks.deployment import REVISION, Deployment
from workbook.checks.questions import (
    ADDRESS,
    ENDPOINT,
    POD,
    Form,
    OpenQuestions,
    WrongAnswers,
    form,
    not_yet,
    understood,
    whole_number,
)
from workbook.course.phase import Phase
from workbook.learner.answers import write_answer
from workbook.measure.traffic import Traffic, write_traffic
from workbook.targets.kubernetes import Facts, Kubernetes

FACTS: dict[str, Any] = {
    "strongest_negative": "worst",
    "swing_words": ["not"],
    "right_when_sure": 0.976,
}
RIGHT = {"strongest-negative-word": "Worst", "swing-word": "`not`", "right-when-sure": "98 %"}


@pytest.fixture
def phase(tmp_path: Path) -> Phase:
    return Phase(0, tmp_path, "local")


def answer(phase: Phase, answers: dict[str, str]) -> None:
    for question, given in answers.items():
        write_answer(phase, question, given)


def test_right_answers_pass_with_quotes_and_units(phase: Phase) -> None:
    answer(phase, RIGHT)
    assert core_logic(phase, FACTS) == "3 questions answered"


def test_every_wrong_answer_is_named_with_its_reason(phase: Phase) -> None:
    answer(phase, {"strongest-negative-word": "dull", "right-when-sure": "0.98"})
    with pytest.raises(WrongAnswers) as wrong:
        core_logic(phase, FACTS)
    found = wrong.value.rows["found"]
    assert "strongest-negative-word: your system does not confirm 'dull'" in found
    assert "right-when-sure: expected a whole number from 0 to 100; you gave '0.98'" in found
    assert wrong.value.rows["expected"].count("\n") == 1
    assert [*wrong.value.judged.wrong] == ["strongest-negative-word", "right-when-sure"]
    assert wrong.value.judged.open == ["swing-word"]
    assert "worst" not in str(wrong.value.rows)


def test_open_questions_are_not_wrong(phase: Phase) -> None:
    answer(phase, {"swing-word": "not"})
    with pytest.raises(OpenQuestions, match="answer strongest-negative-word, right") as found:
        core_logic(phase, FACTS)
    assert found.value.judged.open == ["strongest-negative-word", "right-when-sure"]
    assert not found.value.judged.wrong


def test_an_answer_that_cannot_be_judged_yet_is_neither_right_nor_wrong(phase: Phase) -> None:
    answer(phase, {"swing-word": "not"})
    question = {"swing-word": QUESTIONS["swing-word"]}
    with pytest.raises(OpenQuestions, match="train first") as found:
        understood(phase, question, {"swing-word": not_yet("train first")})
    assert found.value.judged.unknown == {"swing-word": "train first"}


@pytest.mark.parametrize(
    ("wanted", "fitting", "others"),
    [
        (whole_number(0, 100), ("98", "98 %", "0"), ("0.98", "101", "-1", "many", "", "nan")),
        (whole_number(), ("7x", "1,200"), ("7.5", "-3")),
        (POD, ("ml-api-5d59d67564-x2v4q", "pod/ml-api-5d59d67564-x2v4q"), ("ml-api", "10.0.0.1")),
        (ENDPOINT, ("10.0.0.1:80",), ("10.0.0.1", "ml-api:80")),
        (ADDRESS, ("10.0.0.1",), ("10.0.0.1:80", "ml-api")),
        (form("a word", r"\w+"), ("not",), ("not good",)),
    ],
    ids=lambda each: each.text if isinstance(each, Form) else "",
)
def test_a_form_tells_what_cannot_be_right(
    wanted: Form, fitting: tuple[str, ...], others: tuple[str, ...]
) -> None:
    assert [given for given in (*fitting, *others) if wanted.fits(given)] == [*fitting]


def updated(old: int, new: int = 1) -> Deployment:
    """A Deployment that was updated once, with the pods that its ReplicaSets want."""
    sets = [
        {
            "metadata": {
                "ownerReferences": [{"uid": "1", "controller": True, "name": "ml-api"}],
                "annotations": {REVISION: f"{number}"},
            },
            "spec": {"replicas": wanted},
        }
        for number, wanted in enumerate((old, new), 1)
    ]
    cluster = cast(Kubernetes, SimpleNamespace(get=lambda kind: sets))
    strategy = {"rollingUpdate": {"maxSurge": 1}}
    return Deployment(cluster, {"metadata": {"uid": "1"}, "spec": {"strategy": strategy}})


def test_old_replica_set_is_judged_by_what_it_wants_now(tmp_path: Path) -> None:
    phase = Phase(1, tmp_path, "local")
    answer(phase, {"old-replicas": "0"})
    with pytest.raises(OpenQuestions):
        kubernetes_is_understood(phase, updated(old=0))
    with pytest.raises(WrongAnswers) as wrong:
        kubernetes_is_understood(phase, updated(old=1))
    assert [*wrong.value.judged.wrong] == ["old-replicas"]


def test_most_pods_are_those_before_the_update_and_the_surge(tmp_path: Path) -> None:
    phase = Phase(1, tmp_path, "local")
    before = Facts({"ml-api-1-a": "ml-api-1"}, [])
    write_traffic(
        phase.state, "rolling-update", Traffic([], "2026-11-01T00:00:00", "", before, Facts())
    )
    answer(phase, {"most-pods": "2"})
    with pytest.raises(OpenQuestions):
        kubernetes_is_understood(phase, updated(old=0))
    answer(phase, {"most-pods": "1"})
    with pytest.raises(WrongAnswers):
        kubernetes_is_understood(phase, updated(old=0))

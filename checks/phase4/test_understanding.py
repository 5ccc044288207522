"""The questions of lesson 4, whose answers are facts of the learner's own system."""

import json
from typing import Any

from checks.phase4 import test_gateway, test_replicas
from workbook.checks.check import check
from workbook.course.phase import Phase
from workbook.learner.answers import read_answers
from workbook.measure.load import read_load
from workbook.outcome import NotStarted, Wrong

QUESTIONS = {  # what is asked
    "together-gain": "how many times as many texts a second the model judged together",
    "cluster-ip": "the address of the Service inside the cluster",
    "most-pods": "how many pods were ready at once, at most, under your load",
}


@check(
    read="phases/phase4/README.md#you-understand-gateway-hpa-clusterip",
    after=(test_replicas.test_autoscaler_scales, test_gateway.test_no_way_around),
)
def test_scaling_is_understood(phase: Phase, service: dict[str, Any]) -> str:
    """You understand: gateway, HPA, ClusterIP"""
    answers = read_answers(phase)
    load = read_load(phase.state, test_replicas.RECORDING)
    right = {
        "together-gain": _gains(phase),
        "cluster-ip": {service["spec"]["clusterIP"]},
        "most-pods": {str(load.most)} if load else set(),
    }
    for question, asked in QUESTIONS.items():
        given = answers.get(question, "").strip().strip("\"'`×x ")
        if question in answers and given not in right[question]:
            raise Wrong(
                expected=f"{question}: {asked}",
                found=f"your answer {answers[question]!r}, which your system does not bear out",
                why="the answer is a fact of what you did; another machine, or another day, has "
                "another",
                run_next="./workbook lab 4, and look at what you saw",
            )
    if open_questions := [question for question in QUESTIONS if question not in answers]:
        raise NotStarted(f"answer in the lesson: {', '.join(open_questions)}")
    return f"{len(QUESTIONS)} questions answered"


def _gains(phase: Phase) -> set[str]:
    try:
        text = (phase.state / "texts-per-second.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return set()
    rates = json.loads(text)
    gain = round(rates["together"] / rates["one_by_one"])
    return {str(gain + away) for away in (-1, 0, 1)}

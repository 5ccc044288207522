"""The questions of lesson 4, whose answers are facts of the learner's own system."""

from checks.phase4 import test_gateway, test_replicas
from workbook.checks.check import check
from workbook.checks.questions import (
    ADDRESS,
    Judge,
    Question,
    is_near,
    not_yet,
    understood,
    whole_number,
)
from workbook.course.phase import Phase
from workbook.learner.store import read_json
from workbook.measure.load import read_load
from workbook.targets.kubernetes import Object

QUESTIONS = {
    "together-gain": Question(
        "how many times as many texts a second the model judged together",
        whole_number(),
        "lesson 4, “Use the one that you have”",
    ),
    "cluster-ip": Question(
        "the address of the Service inside the cluster",
        ADDRESS,
        "kubectl --namespace ml-demo get service ml-api",
    ),
    "most-pods": Question(
        "how many pods were ready at once, at most, under your load",
        whole_number(),
        "lesson 4, “Let it grow”",
    ),
}


@check(
    read="phases/phase4/README.md#you-understand-gateway-hpa-clusterip",
    after=(test_replicas.test_autoscaler_scales, test_gateway.test_no_way_around),
)
def test_scaling_is_understood(phase: Phase, service: Object) -> str:
    """You understand: gateway, HPA, ClusterIP"""
    load = read_load(phase.state, test_replicas.RECORDING)
    return understood(
        phase,
        QUESTIONS,
        {
            "together-gain": _is_gain(phase),
            "cluster-ip": [service["spec"]["clusterIP"]].__contains__,
            "most-pods": is_near(load.most, within=0)
            if load
            else not_yet("send load first: lesson 4, “Let it grow”"),
        },
    )


def _is_gain(phase: Phase) -> Judge:
    rates = read_json(phase.state / "texts-per-second.json")
    if rates is None:
        return not_yet("measure it first: lesson 4, “Use the one that you have”")
    return is_near(round(rates["together"] / rates["one_by_one"]), within=0)

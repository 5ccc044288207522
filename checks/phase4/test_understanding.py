"""The questions of lesson 4, whose answers are facts of the learner's own system."""

from collections.abc import Callable

from checks.phase4 import test_gateway, test_replicas
from workbook.checks.check import check
from workbook.checks.questions import Question, is_near, understood
from workbook.course.phase import Phase
from workbook.learner.store import read_json
from workbook.measure.load import read_load
from workbook.targets.kubernetes import Object

QUESTIONS = {
    "together-gain": Question("how many times as many texts a second the model judged together"),
    "cluster-ip": Question("the address of the Service inside the cluster"),
    "most-pods": Question("how many pods were ready at once, at most, under your load"),
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
            "most-pods": is_near(load.most, within=0) if load else lambda _: False,
        },
    )


def _is_gain(phase: Phase) -> Callable[[str], bool]:
    rates = read_json(phase.state / "texts-per-second.json")
    if rates is None:
        return lambda _: False
    return is_near(round(rates["together"] / rates["one_by_one"]), within=1)

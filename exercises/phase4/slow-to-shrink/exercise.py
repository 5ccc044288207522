"""An autoscaler that takes pods away slowly."""

import json
import math
from typing import Any

from workbook.exercises.exercise import Attempt, Exercise
from workbook.exercises.kubernetes import taken
from workbook.targets.kubernetes import Object

QUIET, MINUTE = 300, 60
SIZES = (10, 5, 3)  # how many pods there may be
KEPT = {  # of the file to begin with
    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "ml-api"},
    "minReplicas": 2,
    "maxReplicas": 10,
    "metrics": [
        {
            "type": "Resource",
            "resource": {
                "name": "cpu",
                "target": {"type": "Utilization", "averageUtilization": 70},
            },
        }
    ],
}
SCALE_UP = {  # the API server's default: "HPAScalingRules" in the reference of autoscaling/v2
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ],
}


def judge(attempt: Attempt) -> str:
    spec = taken(attempt, "HorizontalPodAutoscaler", "practice")["spec"]
    for name, value in KEPT.items():
        if spec.get(name) != value:
            raise attempt.wrong(
                expected=f"{name}: {json.dumps(value)}",
                found=json.dumps(spec.get(name)),
                why="only `behavior` is to change: how the autoscaler measures, and its limits, "
                "stay as they were",
            )
    behavior = spec.get("behavior") or {}
    down, up = behavior.get("scaleDown") or {}, behavior.get("scaleUp") or {}
    if (quiet := down.get("stabilizationWindowSeconds", QUIET)) != QUIET:
        raise attempt.wrong(
            expected=f"{QUIET} s of quiet before a pod goes",
            found=f"{quiet} s",
            why="`stabilizationWindowSeconds` of scaleDown is how far it looks back for the "
            "highest number",
        )
    for size in SIZES:
        most, steady = _removed(down, size)
        if (most, steady) != (1, 1):
            raise attempt.wrong(
                expected=f"of {size} pods, 1 goes in a minute",
                found=f"{most} may go within a minute" if most != 1 else f"{steady:g} on average",
                why="a policy allows `value` in `periodSeconds`. Of several policies, the one that "
                "allows most counts, unless `selectPolicy` says Min",
            )
    if _in_order({**SCALE_UP, **up}) != _in_order(SCALE_UP):
        raise attempt.wrong(
            expected=f"no scaleUp: the API server's default is {json.dumps(SCALE_UP)}",
            found=json.dumps(up),
            why="people are waiting: only the way down is slow",
        )
    return "1 pod a minute, after 5 minutes of quiet"


def _in_order(rules: Object) -> Object:
    """The rules with their policies in one order: which comes first means nothing."""
    return {**rules, "policies": sorted(rules["policies"], key=lambda each: sorted(each.items()))}


def _removed(down: Object, size: int) -> tuple[int, float]:
    """How many pods may go within some minute, and in a minute on average."""
    if down.get("selectPolicy") == "Disabled":
        return 0, 0
    choose: Any = min if down.get("selectPolicy") == "Min" else max
    allowed = []
    for policy in down.get("policies") or [{"type": "Percent", "value": 100, "periodSeconds": 15}]:
        value, seconds = policy["value"], policy["periodSeconds"]
        pods = math.ceil(size * value / 100) if policy["type"] == "Percent" else value
        allowed.append((pods * math.ceil(MINUTE / seconds), pods * MINUTE / seconds))
    most, steady = choose(allowed)
    return min(most, size), min(steady, size)


EXERCISE = Exercise(
    title="Slow to shrink",
    goal=(
        "Your load comes in waves: what is taken away now is missing in five minutes. Complete the "
        "autoscaler `practice`, so that it takes away 1 pod a minute at most, however many there "
        "are, and only after 5 minutes of quiet. Change `behavior` only: it still adds pods as it "
        "did. The judge lets your API server validate it in a dry run, then computes how many pods "
        "may go."
    ),
    file="horizontalpodautoscaler.yaml",
    minutes=5,
    hints=(
        "Compare with `behavior` in `phases/phase4/k8s/base/horizontalpodautoscaler.yaml`.",
        "kubectl explain hpa.spec.behavior.scaleDown.policies",
        "One policy is enough: type Pods, value 1, periodSeconds 60. The window is 300 seconds.",
    ),
    judge=judge,
    wrong={
        "as-in-the-lesson": "60 s",
        "four-a-minute": "4 may go within a minute",
        "most-of-two": "the one that allows most counts",
        "on-the-way-up": "the one that allows most counts",
        "hardly-grows": "only the way down is slow",
        "always-ten": "only `behavior` is to change",
        "two-in-two-minutes": "2 may go within a minute",
    },
)

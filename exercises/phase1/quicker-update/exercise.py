"""An update of four pods that takes half as many rounds."""

import math
from typing import Any

from workbook.exercises.exercise import Attempt, Exercise
from workbook.exercises.kubernetes import patched
from workbook.targets.kubernetes import APP

REPLICAS, LEAST_READY, MOST = 4, 3, 6


def judge(attempt: Attempt) -> str:
    spec = patched(attempt, "deployment", APP)["spec"]
    if spec["replicas"] != REPLICAS:
        raise attempt.wrong(
            expected=f"{REPLICAS} replicas",
            found=f"{spec['replicas']}",
            why="the exercise is about an update of four pods",
        )
    strategy = spec["strategy"]
    if strategy["type"] != "RollingUpdate":
        raise attempt.wrong(
            expected=f"{LEAST_READY} pods that answer during the update, at least",
            found=f"0: the strategy is {strategy['type']}",
            why="Recreate ends all old pods before it starts a new one",
        )
    least = REPLICAS - _pods(strategy["rollingUpdate"]["maxUnavailable"], math.floor)
    most = REPLICAS + _pods(strategy["rollingUpdate"]["maxSurge"], math.ceil)
    if (least, most) != (LEAST_READY, MOST):
        raise attempt.wrong(
            expected=f"{LEAST_READY} pods ready at least, {MOST} pods at most",
            found=f"{least} pods ready at least, {most} pods at most",
            why="`maxUnavailable` pods may be missing from `replicas`, and `maxSurge` pods may be "
            "added to them. A percentage of `replicas` is rounded down for the first, and up for "
            "the second",
        )
    return f"{least} to {most} pods, for {REPLICAS} replicas"


def _pods(value: Any, rounded: Any) -> int:
    """A number of pods, which may be written as a percentage of the replicas."""
    if isinstance(value, str):
        return int(rounded(REPLICAS * int(value.rstrip("%")) / 100))
    return int(value)


EXERCISE = Exercise(
    title="A quicker update",
    goal=(
        "Suppose that four pods should run. With the settings of this lesson, an update would "
        "replace them one after another: four rounds. Write a patch of the Deployment, which is a "
        "file with only the fields that change. It asks for four pods, allows two new pods at once "
        "beyond the four, and lets one old pod go early. So at least 3 pods are ready at any "
        "moment, and at most 6 exist. Pods that are already ending are not counted. The judge "
        "sends the patch to your API server in a dry run, which changes nothing."
    ),
    file="patch.yaml",
    minutes=5,
    hints=(
        "Look at `strategy` in `phases/phase1/k8s/base/deployment.yaml`. Which field keeps old "
        "pods, and which allows new ones?",
        "kubectl explain deployment.spec.strategy.rollingUpdate",
        "`maxSurge` is how many more than `replicas` there may be: 6 - 4. `maxUnavailable` is how "
        "many fewer may be ready.",
    ),
    judge=judge,
    wrong={
        "as-in-the-lesson": "found 4 pods ready at least, 5 pods at most",
        "the-wrong-way-round": "found 2 pods ready at least, 5 pods at most",
        "all-at-once": "Recreate ends all old pods",
        "fewer-replicas": "found 3",
    },
)

"""What the check of phase 4 makes of an autoscaler that has just kept to its bounds."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the checks are no part of the package

from checks.phase4 import test_replicas
from checks.phase4.test_replicas import test_autoscaler_reads_cpu as autoscaler_reads_cpu
from workbook.checks.deployment import Deployment
from workbook.outcome import Unknown, Wrong
from workbook.targets import kubernetes
from workbook.targets.kubernetes import Kubernetes, Object

READ = {"resource": {"current": {"averageUtilization": 3}}}


def scaler(*metrics: Object, active: str = "True") -> Object:
    """The autoscaler, with what it has read; without, it may still say that it scales."""
    kinds = {"ScalingActive": active, "AbleToScale": "True"}
    conditions = [{"type": kind, "status": kinds[kind], "message": f"{kind}!"} for kind in kinds]
    return {"status": {"conditions": conditions, "currentMetrics": [*metrics]}}


def checked(
    monkeypatch: pytest.MonkeyPatch,
    *seen: Object,
    pods: tuple[Object, ...] = (),
    others: tuple[Object, ...] = (),
) -> str:
    """The check, whose looks find one after the other; the last of them stays."""
    monkeypatch.setattr(kubernetes, "SECONDS_BETWEEN_LOOKS", 0)
    monkeypatch.setattr(test_replicas, "SECONDS_TO_LOOK", 0.2)
    left = [*seen]

    class Cluster:
        def get_one(self, kind: str, name: str) -> Object:
            return left.pop(0) if len(left) > 1 else left[0]

        def get(self, kind: str) -> list[Object]:
            return [*others]

    cluster = cast(Kubernetes, Cluster())
    deployment = Deployment(cluster, {"metadata": {}})
    monkeypatch.setattr(Deployment, "pods", lambda self: [*pods])
    return autoscaler_reads_cpu(cluster, deployment, seen[0])


def test_autoscaler_without_metrics_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    said = checked(monkeypatch, scaler(), scaler(), scaler(READ))
    assert said == "3 % of what they request"


def test_one_that_reads_nothing_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Wrong, match="it has seen no metric yet"):
        checked(monkeypatch, scaler())


def test_one_that_does_not_scale_is_wrong_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Wrong, match="ScalingActive is False: ScalingActive!"):
        checked(monkeypatch, scaler(active="False"), scaler(READ))


def test_second_autoscaler_of_the_same_pods_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    target = {"scaleTargetRef": {"kind": "Deployment", "name": "ml-api"}}
    other = {"metadata": {"name": "other"}, "spec": target}
    with pytest.raises(Wrong, match="also other"):
        checked(monkeypatch, scaler(READ), others=(other,))


@pytest.mark.parametrize("words", ["did not receive metrics", "no metrics returned from it"])
def test_pods_that_have_just_started_cannot_be_judged(
    monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    unread = scaler(active="False")
    unread["status"]["conditions"][0]["message"] = words
    young = {"status": {"startTime": datetime.now(UTC).isoformat()}}
    with pytest.raises(Unknown, match="known after a minute"):
        checked(monkeypatch, unread, pods=(young,))

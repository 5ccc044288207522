"""`found` shows what is there; the cause stands in `why`, which a drill withholds."""

import ast
from typing import Any

import pytest
from copies import ROOT

from checks.phase1.test_cluster import test_node_is_ready as node_is_ready
from checks.phase1.test_service import test_service_has_address as service_has_address
from workbook.outcome import Wrong
from workbook.targets.kubernetes import Facts

CAUSE = ("because", "caused by", "so that", "it is cordoned")  # words that explain
FILES = [*(ROOT / "checks").rglob("*.py"), *(ROOT / "src/workbook/checks").glob("*.py")]


class Cluster:
    """Has one object of each kind, and no endpoint."""

    def __init__(self, item: dict[str, Any]) -> None:
        self.item = item

    def get(self, kind: str) -> list[dict[str, Any]]:
        return [self.item]

    def facts(self) -> Facts:
        return Facts()


def test_selector_that_matches_no_pod_is_a_cause() -> None:
    pod = {"metadata": {"name": "ml-api-1", "labels": {"app.kubernetes.io/name": "ml-api"}}}
    service = {"spec": {"selector": {"app.kubernetes.io/name": "other"}}}
    with pytest.raises(Wrong) as caught:
        service_has_address(cluster=Cluster(pod), service=service, address="http://here")
    assert "app.kubernetes.io" not in caught.value.rows["found"]
    assert "selects app.kubernetes.io/name=other" in caught.value.rows["why"]


def test_cordoned_node_is_shown_as_kubectl_shows_it() -> None:
    ready = {"type": "Ready", "status": "True"}
    node = {
        "metadata": {"name": "one"},
        "spec": {"unschedulable": True},
        "status": {"conditions": [ready]},
    }
    with pytest.raises(Wrong) as caught:
        node_is_ready(cluster=Cluster(node))
    assert caught.value.rows["found"] == "one: Ready,SchedulingDisabled"
    assert "cordoned" in caught.value.rows["why"]


def test_no_check_explains_in_found() -> None:
    calls = [
        (file.name, node)
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Wrong"
    ]
    assert len(calls) > 100
    found = [
        f"{name}: {ast.unparse(keyword.value)}"
        for name, call in calls
        for keyword in call.keywords
        if keyword.arg == "found" and any(w in ast.unparse(keyword.value) for w in CAUSE)
    ]
    assert found == []

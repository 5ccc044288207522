"""The Service of phase 1: an address, pods behind it, and answers from there."""

from typing import Any

from checks.phase1 import test_cluster
from workbook.checks.api import Api
from workbook.checks.check import check
from workbook.outcome import Finding, Wrong
from workbook.targets.kubernetes import APP, Kubernetes

SENTENCES = {
    "What a wonderful film, I loved every minute.": "positive",
    "The worst service that I have ever had.": "negative",
    "Great sound, great price, great little radio.": "positive",
    "It broke after two days and nobody answers.": "negative",
    "Thank you all, this made me very happy.": "positive",
    "A dull and stupid plot with awful dialogue.": "negative",
    "The best coffee in town and a lovely staff.": "positive",
    "Too slow, too loud, too expensive.": "negative",
    "Beautiful pictures and an excellent story.": "positive",
    "I hate it and I want my money back.": "negative",
}


@check(read="phases/phase1/README.md#give-it-an-address", after=test_cluster.test_node_is_ready)
def test_service_has_address(cluster: Kubernetes, service: dict[str, Any], address: str) -> str:
    """Service has an external address, and pods behind it"""
    endpoints = cluster.facts().endpoints
    if not endpoints:
        selector = ",".join(f"{k}={v}" for k, v in service["spec"].get("selector", {}).items())
        labels = [pod["metadata"].get("labels", {}) for pod in cluster.get("pods")]
        raise Wrong(
            expected="at least one ready pod behind the Service",
            found=f"none; the Service selects {selector or 'nothing'}, and the pods are labelled "
            + ("; ".join(_in_words(each) for each in labels) or "nothing: there are none"),
            why="a Service sends requests to the ready pods that its selector matches; without one "
            "its address refuses every connection",
            run_next=f"kubectl --namespace ml-demo describe service {APP}",
        )
    return f"{address}, {len(endpoints)} behind it"


def _in_words(labels: dict[str, str]) -> str:
    return ",".join(f"{k}={v}" for k, v in labels.items() if k.startswith("app.kubernetes.io"))


@check(read="phases/phase1/README.md#give-it-an-address", after=test_service_has_address)
def test_address_predicts(api: Api) -> str:
    """You can make predictions at that address"""
    for sentence, label in SENTENCES.items():
        try:
            response = api.predict(sentence)
        except Finding as finding:  # refused, or accepted by the engine's proxy and then closed
            raise Wrong(
                expected=f"an answer at {api.address}",
                found=finding.rows.get("found", "the connection is refused"),
                why="the Service has pods behind it, but nothing answers on the port that it sends "
                "requests to",
                run_next=f"kubectl --namespace ml-demo describe service {APP}",
            ) from None
        if response.status_code != 200 or f'"label":"{label}"' not in response.text:
            raise Wrong(
                expected=f"200 and {label} for {sentence!r}",
                found=f"{response.status_code} {' '.join(response.text.split())[:120]}",
                why="the API in the pod answers with another model than you judged in phase 0, or "
                "not at all",
                run_next="kubectl --namespace ml-demo logs deployment/ml-api --tail 20",
            )
    return f"{len(SENTENCES)} sentences judged rightly at {api.address}"

"""The Service of phase 1: an address, pods behind it, and answers from there."""

from typing import Any

from checks.phase0 import test_model
from checks.phase0.oracle import Oracle
from checks.phase1 import test_cluster
from checks.phase1.behind import refuse_other_pods
from workbook.checks.api import Api
from workbook.checks.check import check
from workbook.outcome import Finding, Wrong
from workbook.targets.kubernetes import APP, Kubernetes

LOGS = "kubectl --namespace ml-demo logs deployment/ml-api --tail 20"


@check(read="phases/phase1/README.md#give-it-an-address", after=test_cluster.test_node_is_ready)
def test_service_has_address(cluster: Kubernetes, service: dict[str, Any], address: str) -> str:
    """Service has an external address, and pods behind it"""
    endpoints = cluster.facts().endpoints
    if not endpoints:
        selector = ",".join(f"{k}={v}" for k, v in service["spec"].get("selector", {}).items())
        labels = [pod["metadata"].get("labels", {}) for pod in cluster.get("pods")]
        labelled = "; ".join(_in_words(each) for each in labels)
        raise Wrong(
            expected="at least one ready pod behind the Service",
            found=f"none; pods in the namespace: {len(labels)}",
            why="a Service sends requests to the ready pods that its selector matches. Without "
            "such a pod, its address refuses every connection. It selects "
            f"{selector or 'nothing'}; the pods are labelled {labelled or 'nothing'}",
            run_next=f"kubectl --namespace ml-demo describe service {APP}",
        )
    return f"{address}, {len(endpoints)} behind it"


def _in_words(labels: dict[str, str]) -> str:
    return ",".join(f"{k}={v}" for k, v in labels.items() if k.startswith("app.kubernetes.io"))


@check(
    read="phases/phase1/README.md#give-it-an-address",
    after=(test_service_has_address, test_model.test_model_file_is_unchanged),
)
def test_address_predicts(api: Api, cluster: Kubernetes, oracle: Oracle) -> str:
    """You can make predictions at that address"""
    try:
        api.health()
    except Finding as finding:  # refused, or accepted by the engine's proxy and then closed
        raise Wrong(
            expected=f"an answer at {api.address}",
            found=finding.rows.get("found", "the connection is refused"),
            why="the Service has pods behind it, but nothing answers on the port that it sends "
            "requests to",
            run_next=f"kubectl --namespace ml-demo describe service {APP}",
        ) from None
    oracle.refuse_at(api, LOGS)
    pods = refuse_other_pods(cluster, oracle)
    return f"{len(oracle.sentences)} new sentences judged as your model does, by each of {pods}"

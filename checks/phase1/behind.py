"""Who answers for the Service: each pod behind it is asked by itself, and none is passed over."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from checks.phase0.oracle import Oracle
from workbook.checks.inside import ask_this_pod
from workbook.outcome import Unknown, Wrong
from workbook.targets import kubernetes
from workbook.targets.kubernetes import APP, Endpoint, Kubernetes

TIMES = 3  # a pod may end while it is asked
AT_ONCE = 8
HERE = Path(__file__).parent


def refuse_other_pods(cluster: Kubernetes, oracle: Oracle) -> int:
    """Ask every pod behind the Service, and refuse one that does not answer as the model does.

    Returns:
        How many there are.

    Raises:
        Wrong: one does not, or what is behind the Service is no pod of this namespace.
        Unknown: pods came and went while they were asked.
    """
    missing: set[Endpoint] | None = None  # whose pod did not exist at any time
    for _ in range(TIMES):
        endpoints = cluster.endpoints()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            said = [*pool.map(lambda each: _ask(cluster, oracle, each), endpoints)]
        if endpoints and all(each is not None for each in said):
            for endpoint, answer in zip(endpoints, said, strict=True):
                _judge(oracle, endpoint, answer or {})
            return len({endpoint.pod for endpoint in endpoints})
        gone = {
            endpoint
            for endpoint, answer in zip(endpoints, said, strict=True)
            if answer is None and cluster.get_one("pods", endpoint.pod) is None
        }
        missing = gone if missing is None else missing & gone
        time.sleep(kubernetes.SECONDS_BETWEEN_LOOKS)  # the Service learns of it a moment later
    for endpoint in missing or ():
        raise _by_hand(cluster, endpoint, f"names the pod {endpoint.pod}, which does not exist")
    raise Unknown("pods came and went while each of them was asked: look again in a moment")


def _ask(cluster: Kubernetes, oracle: Oracle, endpoint: Endpoint) -> dict[str, Any] | None:
    """What the pod of an endpoint answers; None where it has gone meanwhile."""
    if not endpoint.pod:
        raise _by_hand(cluster, endpoint, "names no pod")
    texts = json.dumps([sentence.text for sentence in oracle.sentences])
    return ask_this_pod(cluster, endpoint.pod, HERE / "answer.py", endpoint.address, texts)


def _by_hand(cluster: Kubernetes, endpoint: Endpoint, fault: str) -> Wrong:
    return Wrong(
        expected=f"a pod behind each address of the Service {APP}",
        found=f"{endpoint.address} {fault}",
        why="this address was written into an EndpointSlice by hand: requests go to a "
        "program that no Deployment keeps",
        run_next=f"kubectl --namespace {cluster.namespace} get endpointslices --output yaml",
    )


def _judge(oracle: Oracle, endpoint: Endpoint, said: dict[str, Any]) -> None:
    look = f"kubectl --namespace ml-demo describe pod {endpoint.pod}"
    for sentence, (status, answer) in zip(oracle.sentences, said["answers"], strict=False):
        oracle.refuse(sentence, status, answer, f"the pod {endpoint.pod}", look)
    if said["sha256"] != oracle.sha256:
        raise Wrong(
            expected=f"{endpoint.pod} to hold the file of {oracle.model}: sha256 "
            f"{oracle.sha256[:16]}…",
            found=f"sha256 {said['sha256'][:16]}…" if said["sha256"] else "no model file",
            why="the image was built with another model than the one that you have trained",
            run_next="build, push and deploy again, as the lesson does",
        )

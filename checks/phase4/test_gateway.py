"""The gateway of phase 4: it works, by HTTPS, and there is no way around it."""

import socket
import urllib.error
import urllib.request
from typing import Any

from checks.phase0 import test_model
from checks.phase0.oracle import Oracle
from checks.phase1 import test_cluster, test_pod
from checks.phase1.behind import refuse_other_pods
from checks.phase4.routes import open_pods, open_services, other_backends, plain_routes
from workbook.checks.api import Api
from workbook.checks.check import check
from workbook.checks.fixtures import GATEWAY_KIND
from workbook.checks.history import History
from workbook.checks.patience import settled
from workbook.outcome import Finding, Wrong
from workbook.targets.kubernetes import APP, Kubernetes, Object
from workbook.targets.local.cluster import Record

LESSON = "phases/phase4/README.md"
SECONDS_TO_ANSWER = 5
SECONDS_TO_SETTLE = 5
TEXT = "A dull and stupid plot with awful dialogue."
DESCRIBE = "kubectl --namespace ml-demo describe"


@check(read=f"{LESSON}#a-gateway", after=test_cluster.test_node_is_ready)
def test_gateway_works(around_gateway: Kubernetes, gateway: Object) -> str:
    """Gateway is working: it has a class that accepts it, and an address"""
    name = gateway["spec"]["gatewayClassName"]
    classes = around_gateway.get("gatewayclasses")
    there_are = [each["metadata"]["name"] for each in classes]
    if name not in there_are:
        raise Wrong(
            expected=f"a GatewayClass {name!r}, as the Gateway names it",
            found=f"there is {', '.join(there_are) or 'none'}",
            why="the class names the program that serves the Gateway. Without it, the Gateway "
            "waits for ever, without an address and without an error",
            run_next="kubectl get gatewayclasses",
        )
    (named,) = [each for each in classes if each["metadata"]["name"] == name]
    gateway = settled(
        lambda: around_gateway.get_one(GATEWAY_KIND, APP) or gateway,
        lambda seen: bool(not _problems(seen) and _addresses(seen)),
        SECONDS_TO_SETTLE,
    )
    problems, addresses = _refusals(named) + _problems(gateway), _addresses(gateway)
    if problems or not addresses:
        raise Wrong(
            expected="the Gateway to be accepted and programmed, each listener too",
            found="; ".join(problems) or "it has no address",
            why="the class cannot do what the Gateway asks for. Perhaps the gateway does not "
            "listen on a port, a certificate is missing, or no program serves the class",
            run_next=f"kubectl --namespace {around_gateway.namespace} describe gateway {APP}",
        )
    return f"class {name}, address {addresses[0]['value']}"


@check(
    read=f"{LESSON}#deploy-it",
    after=(
        test_gateway_works,
        test_pod.test_pod_is_running,
        test_model.test_model_file_is_unchanged,
    ),
)
def test_https_predicts(api: Api, cluster: Kubernetes, oracle: Oracle) -> str:
    """Service is accessible through the gateway, by HTTPS"""
    found = settled(lambda: _ask(api), lambda answer: answer[0] == 200, SECONDS_TO_SETTLE)
    status, text = found
    if status != 200:
        raise Wrong(
            expected=f"200 for {TEXT!r} at {api.address}",
            found=f"{status or 'no answer'} {text[:160]}".strip(),
            why="404: no route takes the request. 500 or 503: the route has no pod behind it, "
            "because the Service's selector or port matches none. A certificate error: it is for "
            "another name, or of another authority",
            run_next="lesson 4, “A certificate for the gateway”: create it again"
            if "CERTIFICATE_VERIFY_FAILED" in text
            else f"{DESCRIBE} httproute {APP}; {DESCRIBE} service {APP}",
        )
    if strangers := other_backends(cluster):
        raise Wrong(
            expected=f"every route of the Gateway to lead to the Service {APP}",
            found="; ".join(strangers),
            why="what is behind this route answers some of the requests, or reads all of them, and "
            "nothing of what you have built looks after it",
            run_next=f"{DESCRIBE} httproutes",
        )
    oracle.refuse_at(api, f"{DESCRIBE} httproute {APP}; {DESCRIBE} service {APP}")
    pods = refuse_other_pods(cluster, oracle)
    return f"{api.address}, and each of {pods} behind it answers as your model does"


@check(read=f"{LESSON}#deploy-it", after=test_https_predicts)
def test_http_is_redirected(api: Api, plain_address: str) -> str:
    """HTTP is redirected to HTTPS"""
    status, location = _without_following(f"{plain_address}/health")
    if status not in (301, 308) or not location.startswith(f"{api.address}/"):
        raise Wrong(
            expected=f"301 to {api.address}/health",
            found=f"{status or 'no answer'} {location}".strip(),
            why="a user who types the address without https sends the text unencrypted",
            run_next=f"{DESCRIBE} httproute {APP}-redirect",
        )
    return f"{status} to {location}"


@check(read=f"{LESSON}#deploy-it", after=test_https_predicts)
def test_history_is_not_public(api: Api, history: History) -> str:
    """History of predictions is read from inside only"""
    rows = history.page(limit=1)["predictions"]
    path = "/predictions?limit=1"
    answer = api.get(path)
    if answer.status_code != 404:
        raise Wrong(
            expected=f"404 for {api.address}{path}: no route leads there",
            found=f"{answer.status_code} {answer.text[:120]}",
            why="everyone who reaches the gateway can read when users asked, and a hash of each "
            "text. From a hash, a short text can be guessed",
            run_next=f"{DESCRIBE} httproutes",
        )
    return f"404 outside; inside, {'the newest is ' + rows[0]['predicted_at'] if rows else 'empty'}"


@check(read=f"{LESSON}#deploy-it", after=test_gateway_works)
def test_no_way_around(cluster: Kubernetes, service: dict[str, Any], record: Record | None) -> str:
    """Service cannot be reached around the gateway"""
    around = [*open_services(cluster), *open_pods(cluster), *plain_routes(cluster)]
    if around:
        raise Wrong(
            expected="no way to the pods but the Gateway's listener https",
            found="; ".join(around),
            why="the API is reached from outside without TLS, and the gateway sees nothing of it",
            run_next="kubectl get services,httproutes --all-namespaces",
        )
    if record and _accepts(record.cluster_port):
        raise Wrong(
            expected=f"nothing to answer at http://127.0.0.1:{record.cluster_port}",
            found="an answer",
            why="some Service still opens the port of phases 1 to 3",
            run_next="kubectl get services --all-namespaces",
        )
    return f"ClusterIP {service['spec']['clusterIP']}"


def _addresses(gateway: Object) -> list[dict[str, str]]:
    return gateway.get("status", {}).get("addresses") or []


def _refusals(gateway_class: Object) -> list[str]:
    """What stands against a GatewayClass, in words; not every controller writes it."""
    return [
        f"the class: Accepted is {each['status']}: {each.get('message') or each['reason']}"
        for each in gateway_class.get("status", {}).get("conditions") or []
        if each["type"] == "Accepted" and each["status"] != "True"
    ]


def _problems(gateway: Object) -> list[str]:
    """What stands against a Gateway, and against each of its listeners, in words."""
    status = gateway.get("status", {})
    conditions = [("the Gateway", each) for each in status.get("conditions") or []]
    for listener in status.get("listeners") or []:
        name = f"listener {listener['name']}"
        conditions += [(name, each) for each in listener.get("conditions") or []]
    wanted = ("Accepted", "Programmed", "ResolvedRefs")
    found = [
        f"{whose}: {each['type']} is {each['status']}: {each.get('message') or each['reason']}"
        for whose, each in conditions
        if each["type"] in wanted and each["status"] != "True"
    ]
    generation = gateway["metadata"].get("generation", 0)
    of_gateway = status.get("conditions") or []
    if any(each.get("observedGeneration", generation) < generation for each in of_gateway):
        found.append("the Gateway: no controller has looked at it since it was changed")
    if not any(each["type"] == "Programmed" for _, each in conditions):
        found.append("the Gateway: no controller has programmed it")
    return found


def _ask(api: Api) -> tuple[int, str]:
    try:
        response = api.predict(TEXT)
    except Finding as finding:
        return 0, finding.rows.get("found", str(finding))
    return response.status_code, " ".join(response.text.split())


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _without_following(url: str) -> tuple[int, str]:
    """Status and Location of an answer."""
    opener = urllib.request.build_opener(_Stay, urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=SECONDS_TO_ANSWER) as answer:
            return answer.status, answer.headers.get("Location", "")
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Location", "")
    except OSError as error:
        return 0, str(error)


def _accepts(port: int) -> bool:
    """Whether something behind a published port answers; kind accepts the connection itself."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
            client.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            return bool(client.recv(1))
    except OSError:
        return False

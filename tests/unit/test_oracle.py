"""Answers that are not the learner's model's are refused, at the address and behind it."""

import json
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from fake_cluster import say, write_kubectl

sys.path.insert(0, str(Path(__file__).parents[2]))  # the checks are no part of the package

from checks.phase0.oracle import Oracle, Sentence
from checks.phase1.behind import refuse_other_pods
from checks.phase4.routes import open_pods, open_services, other_backends, plain_routes
from workbook.course.phase import Phase
from workbook.outcome import Unknown, Wrong
from workbook.targets import kubernetes
from workbook.targets.kubernetes import APP, Endpoint, Kubernetes, Object

LABELS = {"app.kubernetes.io/name": APP}
SENTENCES = (Sentence("good day", "positive", 0.75), Sentence("bad day", "negative", 0.625))
ORACLE = Oracle(Phase(4, Path("home"), "local"), "2026-01-01.1", "aa", SENTENCES)
RIGHT = [
    [200, {"label": s.label, "confidence": s.confidence, "model_version": ORACLE.version}]
    for s in SENTENCES
]
EVERY = {"label": "negative", "confidence": 0.625, "model_version": ORACLE.version}


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, EVERY),
        (200, {**EVERY, "label": "positive", "confidence": 0.76}),
        (200, {**EVERY, "label": "positive", "confidence": "0.75"}),
        (200, {**EVERY, "label": "positive", "confidence": 0.75, "model_version": "1"}),
        (200, "<html>"),
        (503, {"detail": "no"}),
    ],
    ids=["constant", "other model", "text", "other version", "no JSON", "no answer"],
)
def test_other_answer_is_refused(status: int, answer: Any) -> None:
    with pytest.raises(Wrong, match="good day"):
        ORACLE.refuse(SENTENCES[0], status, answer, "it", "look")


def slices(*pods: str, ready: bool = True) -> Object:
    endpoints = [
        {"addresses": ["10.0.0.1"], "conditions": {"ready": ready}, "targetRef": {"name": pod}}
        for pod in pods
    ]
    return {"metadata": {"name": APP}, "ports": [{"port": 8000}], "endpoints": endpoints}


def cluster_of(tmp_path: Path, answers: dict[str, Any], *found: Object) -> Kubernetes:
    cases = {'*"get endpointslices"*': say(*found)}
    cases |= {f'*" {pod} "*': f"echo '{json.dumps(said)}'" for pod, said in answers.items()}
    gone = "echo 'container not found' >&2; exit 1"
    write_kubectl(tmp_path / "kubectl", cases | {"*": gone})
    return Kubernetes(tmp_path / "kubectl", tmp_path / "kubeconfig")


def test_every_pod_that_answers_as_the_model_passes(tmp_path: Path) -> None:
    said = {"answers": RIGHT, "sha256": "aa"}
    cluster = cluster_of(tmp_path, {"a": said, "b": said}, slices("a", "b"))
    assert refuse_other_pods(cluster, ORACLE) == 2


def test_one_bad_pod_of_several_is_named(tmp_path: Path) -> None:
    said = {"answers": RIGHT, "sha256": "aa"}
    stub = {"answers": [[200, EVERY]] * 2, "sha256": "aa"}
    cluster = cluster_of(tmp_path, {"a": said, "b": stub, "c": said}, slices("a", "b", "c"))
    with pytest.raises(Wrong, match="the pod b to answer 'good day'"):
        refuse_other_pods(cluster, ORACLE)


def test_another_model_file_is_refused(tmp_path: Path) -> None:
    cluster = cluster_of(tmp_path, {"a": {"answers": RIGHT, "sha256": "bb"}}, slices("a"))
    with pytest.raises(Wrong, match="found sha256 bb"):
        refuse_other_pods(cluster, ORACLE)


def test_address_that_is_no_pods_is_refused(tmp_path: Path) -> None:
    by_hand = slices("a") | {"endpoints": [{"addresses": ["192.0.2.1"], "conditions": {}}]}
    with pytest.raises(Wrong, match=r"192\.0\.2\.1:8000"):
        refuse_other_pods(cluster_of(tmp_path, {}, by_hand), ORACLE)


def test_pods_that_go_while_they_are_asked_cannot_be_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes, "SECONDS_BETWEEN_LOOKS", 0)
    names = iter(["a", "b", "c"])  # another one each time
    cluster = cluster_of(tmp_path, {})
    monkeypatch.setattr(
        Kubernetes, "endpoints", lambda *_: [Endpoint("10.0.0.1:8000", next(names))]
    )
    monkeypatch.setattr(Kubernetes, "get_one", lambda *_: None)
    with pytest.raises(Unknown):
        refuse_other_pods(cluster, ORACLE)


def test_pod_that_exists_but_cannot_be_asked_cannot_be_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes, "SECONDS_BETWEEN_LOOKS", 0)
    cluster = cluster_of(tmp_path, {}, slices("a"))
    monkeypatch.setattr(Kubernetes, "get_one", lambda *_: {"metadata": {"name": "a"}})
    with pytest.raises(Unknown):
        refuse_other_pods(cluster, ORACLE)


def test_endpoint_of_a_pod_that_never_existed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes, "SECONDS_BETWEEN_LOOKS", 0)
    said = {"answers": RIGHT, "sha256": "aa"}
    cluster = cluster_of(tmp_path, {"a": said}, slices("a", "ghost"))
    monkeypatch.setattr(Kubernetes, "get_one", lambda *_: None)
    with pytest.raises(Wrong, match="names the pod ghost, which does not exist"):
        refuse_other_pods(cluster, ORACLE)


def test_pod_of_two_addresses_counts_once(tmp_path: Path) -> None:
    two = slices("a")
    two["endpoints"][0]["addresses"].append("fd00::1")
    cluster = cluster_of(tmp_path, {"a": {"answers": RIGHT, "sha256": "aa"}}, two)
    assert refuse_other_pods(cluster, ORACLE) == 1


class Objects:
    """A cluster that has these objects."""

    namespace = "ml-demo"

    def __init__(self, **objects: list[Object]) -> None:
        self.objects = objects

    def get(self, kind: str, selector: str = "", everywhere: bool = False) -> list[Object]:
        return self.objects.get(kind.partition(".")[0], [])


def item(spec: Object, name: str = APP, where: str = "ml-demo", **more: Any) -> Object:
    metadata = {"name": name, "namespace": where, "labels": LABELS}
    return {"metadata": metadata, "spec": spec, **more}


def lookup(**objects: list[Object]) -> Kubernetes:
    return cast(Kubernetes, Objects(**objects))


POD = item({}, status={"podIP": "10.0.0.1"})
OURS = item({"type": "ClusterIP", "selector": LABELS})


@pytest.mark.parametrize(
    "service",
    [
        item({"type": "NodePort", "selector": LABELS}, "side"),
        item({"type": "LoadBalancer", "selector": {}}, "side", "elsewhere"),
        item({"type": "ClusterIP", "selector": LABELS, "externalIPs": ["192.0.2.1"]}, "side"),
    ],
    ids=["node port", "load balancer by hand", "external address"],
)
def test_service_around_the_gateway_is_found(service: Object) -> None:
    by_hand = item({}, "side-1", "elsewhere", endpoints=[{"addresses": ["10.0.0.1"]}])
    by_hand["metadata"]["labels"] = {"kubernetes.io/service-name": "side"}
    cluster = lookup(pods=[POD], services=[OURS, service], endpointslices=[by_hand])
    [found] = open_services(cluster)
    assert "side" in found


def test_services_of_others_are_not_ours(tmp_path: Path) -> None:
    same_labels = item({"type": "NodePort", "selector": LABELS}, "other", "elsewhere")
    empty = item({"type": "LoadBalancer", "selector": {}}, "empty")
    cluster = lookup(pods=[POD], services=[OURS, same_labels, empty])
    assert open_services(cluster) == []


def test_port_of_the_node_is_found() -> None:
    with_port = item({"containers": [{"ports": [{"hostPort": 8000}]}]})
    assert (
        open_pods(lookup(pods=[POD, with_port, item({"hostNetwork": True})]))
        == [f"the pod {APP} listens on its node"] * 2
    )


def route(backend: Object, section: str | None = "https", **rule: Any) -> Object:
    parents = [{"name": APP} | ({"sectionName": section} if section else {})]
    return item({"parentRefs": parents, "rules": [{"backendRefs": [backend], **rule}]})


BACKEND = {"name": APP, "port": 80}
TO_US = {"requestMirror": {"backendRef": BACKEND}}


@pytest.mark.parametrize(
    ("found", "strangers", "plain"),
    [
        (route(BACKEND), 0, 0),
        (route({"name": "other"}), 1, 0),
        (route(BACKEND | {"namespace": "elsewhere"}), 1, 0),
        (route(BACKEND, filters=[{"requestMirror": {"backendRef": {"name": "spy"}}}]), 1, 0),
        (route(BACKEND, section="http"), 0, 1),
        (route(BACKEND, section=None), 0, 1),
        (route({"name": "other"}, section="http", filters=[TO_US]), 1, 1),
    ],
    ids=[
        "ours",
        "other Service",
        "other namespace",
        "mirror",
        "plain",
        "every listener",
        "plain mirror",
    ],
)
def test_routes_are_listed(found: Object, strangers: int, plain: int) -> None:
    cluster = lookup(httproutes=[found])
    assert (len(other_backends(cluster)), len(plain_routes(cluster))) == (strangers, plain)

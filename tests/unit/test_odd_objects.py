"""Whatever an object of the cluster looks like, a check says so, and does not crash."""

import copy
import json
import pickle
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the checks are no part of the package

from checks.phase1 import test_cluster, test_disturbance, test_pod, test_service
from checks.phase4 import routes, test_gateway, test_replicas, test_settings
from workbook.checks import fixtures
from workbook.checks.deployment import Deployment
from workbook.checks.odd import odd_object
from workbook.course.phase import Phase
from workbook.learner.choices import Choices
from workbook.measure.load import Load, Moment
from workbook.measure.traffic import Facts, Traffic
from workbook.outcome import Finding, Unknown, Wrong
from workbook.targets import kubernetes
from workbook.targets.kubernetes import APP, Kubernetes, Object

ROOT = Path(__file__).parents[2]
NAMES = {"app.kubernetes.io/name": APP}
IMAGE = f"localhost:5001/ml-api@sha256:{'0' * 64}"
TIME = "2026-01-01T00:00:00Z"
OTHERS = (None, "text", 5, [], {}, ["text"])  # what stands in the place of a field


def item(kind: str, name: str = APP, **more: Any) -> Object:
    metadata = {
        "name": name,
        "namespace": "ml-demo",
        "uid": f"{kind}-{name}",
        "creationTimestamp": TIME,
        "labels": dict(NAMES),
        **more.pop("metadata", {}),
    }
    return {"kind": kind, "metadata": metadata, **more}


def probe(path: str) -> Object:
    return {"httpGet": {"path": path, "port": "http"}}


CONTAINER = {
    "name": APP,
    "image": IMAGE,
    "ports": [{"name": "http", "containerPort": 8000}],
    "envFrom": [{"configMapRef": {"name": "settings-1"}}],
    "env": [{"name": "SENTIMENT_DATABASE_USER", "value": "ml_api"}],
    "resources": {"requests": {"cpu": "100m"}, "limits": {"cpu": "1"}},
    "readinessProbe": probe("/ready"),
    "livenessProbe": probe("/health"),
}


def condition(kind: str) -> Object:
    return {"type": kind, "status": "True", "message": "", "reason": "", "observedGeneration": 1}


def owned_by(kind: str) -> Object:
    return {"ownerReferences": [{"kind": kind, "name": APP, "uid": f"{kind}-{APP}"}]}


REVISION = {"annotations": {"deployment.kubernetes.io/revision": "1"}}
RIGHT: dict[str, Object] = {
    "nodes": item(
        "Node",
        spec={},
        status={"conditions": [condition("Ready")], "nodeInfo": {"kubeletVersion": "v1"}},
    ),
    "deployments": item(
        "Deployment",
        spec={
            "replicas": 2,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0}},
            "template": {"spec": {"containers": [CONTAINER]}},
        },
    ),
    "replicasets": item("ReplicaSet", metadata={**REVISION, **owned_by("Deployment")}),
    "pods": item(
        "Pod",
        metadata={**owned_by("ReplicaSet"), "creationTimestamp": "2026-01-03T00:00:00Z"},
        spec={"containers": [CONTAINER], "serviceAccountName": APP},
        status={
            "phase": "Running",
            "podIP": "10.0.0.1",
            "startTime": TIME,
            "conditions": [condition("Ready")],
            "containerStatuses": [{"name": APP, "ready": False, "state": {}, "imageID": IMAGE}],
        },
    ),
    "services": item(
        "Service",
        spec={"type": "ClusterIP", "clusterIP": "10.0.0.9", "selector": dict(NAMES)},
        status={"loadBalancer": {"ingress": [{"ip": "10.0.0.8"}]}},
    ),
    "endpointslices": item(
        "EndpointSlice",
        metadata={"labels": {"kubernetes.io/service-name": APP}},
        ports=[{"port": 8000}],
        endpoints=[
            {
                "addresses": ["10.0.0.1"],
                "conditions": {"ready": True},
                "targetRef": {"kind": "Pod", "name": APP},
            }
        ],
    ),
    "events": item(
        "Event",
        involvedObject={"name": APP},
        type="Warning",
        reason="No",
        message="no",
        lastTimestamp=TIME,
    ),
    "gatewayclasses": item("GatewayClass", "traefik", status={"conditions": []}),
    fixtures.GATEWAY_KIND: item(
        "Gateway",
        spec={"gatewayClassName": "traefik"},
        status={
            "addresses": [{"value": "localhost"}],
            "conditions": [condition("Accepted"), condition("Programmed")],
            "listeners": [{"name": "https", "conditions": [condition("Accepted")]}],
        },
    ),
    routes.ROUTES: item(
        "HTTPRoute",
        spec={
            "parentRefs": [{"name": APP, "sectionName": "https"}],
            "rules": [
                {
                    "filters": [{"type": "RequestMirror", "requestMirror": {"backendRef": {}}}],
                    "backendRefs": [{"name": APP, "port": 80}],
                }
            ],
        },
    ),
    "hpa": item(
        "HorizontalPodAutoscaler",
        spec={
            "minReplicas": 2,
            "maxReplicas": 5,
            "scaleTargetRef": {"kind": "Deployment", "name": APP},
            "metrics": [{"resource": {"name": "cpu", "target": {"averageUtilization": 70}}}],
        },
        status={
            "conditions": [condition("ScalingActive"), condition("AbleToScale")],
            "currentMetrics": [{"resource": {"current": {"averageUtilization": 3}}}],
        },
    ),
    "poddisruptionbudgets": item(
        "PodDisruptionBudget",
        spec={"selector": {"matchLabels": dict(NAMES)}},
        status={"disruptionsAllowed": 1, "currentHealthy": 2},
    ),
    "resourcequotas": item("ResourceQuota", "ml-demo", spec={"hard": {"pods": "12"}}),
    "configmaps": item("ConfigMap", "settings-1", data={"SENTIMENT_KEEP_TEXT": "hash"}),
}
SAME = {"horizontalpodautoscalers": "hpa", "deployment": "deployments"}
SAYS = {  # what the pod's own scripts and a refused pod say
    "exec": json.dumps(
        {"user": 1, "writable": False, "capabilities": 0, "may_gain": False, "token": False}
    ),
    "create": "exceeded quota: requested: requests.cpu=8,requests.memory=1,limits.memory=1, used: ",
}


@dataclass(frozen=True)
class Odd(Kubernetes):
    """A cluster with one odd object."""

    kubectl: Path = Path("kubectl")
    kubeconfig: Path = Path("kubeconfig")
    objects: dict[str, Object] = field(default_factory=dict)

    def get(self, kind: str, selector: str = "", everywhere: bool = False) -> list[Object]:
        found = self.objects.get(SAME.get(kind, kind))
        return [found] if found is not None else []

    def get_one(self, kind: str, name: str) -> Object | None:
        return next(iter(self.get(kind)), None)

    def run(self, *words: str, stdin: str = "", seconds: float = 1) -> "CompletedProcess[str]":
        said = SAYS.get(words[0], "")
        refused = words[0] == "create"
        return CompletedProcess([*words], int(refused), "" if refused else said, said)

    def authority(self) -> str | None:
        return "ours"


SYSTEM = {"cluster": "ours", "image": IMAGE}
FACTS = Facts({}, [])
TRAFFIC = Traffic([], "2026-01-02T00:00:00Z", "id", FACTS, FACTS, samples=[(0, 1, "")])
TRAFFIC.system = SYSTEM
MOMENTS = [Moment(0, 3, 3, 1, 1, 1, 0), Moment(1, 2, 2, 1, 1, 1, 0)]
LOAD = Load("2026-01-02T00:00:00Z", 1, 1, 2, MOMENTS)
LOAD.system = SYSTEM
CHECKS: dict[str, Callable[..., Any]] = {
    "node": lambda c, d, o: test_cluster.test_node_is_ready(c),
    "running": lambda c, d, o: test_pod.test_pod_is_running(d),
    "ready": lambda c, d, o: test_pod.test_pod_is_ready(d),
    "image": lambda c, d, o: test_pod.test_pod_runs_pushed_image(d),
    "confined": lambda c, d, o: test_pod.test_pod_is_confined(d, c),
    "address": lambda c, d, o: test_service.test_service_has_address(c, o["services"], "a"),
    "where": lambda c, d, o: fixtures.address_behind(
        Phase(1, ROOT, "azure"), Choices(target="azure"), o["services"]
    ),
    "update": lambda c, d, o: test_disturbance.test_update_loses_nothing(
        Phase(1, ROOT, "local"), Phase(1, ROOT, "local"), c, d, "a", False
    ),
    "replaced": lambda c, d, o: test_disturbance.test_pod_is_replaced(
        Phase(1, ROOT, "local"), Phase(1, ROOT, "local"), c, d, "a", False
    ),
    "behind": lambda c, d, o: c.endpoints(),
    "gateway": lambda c, d, o: test_gateway.test_gateway_works(c, o[fixtures.GATEWAY_KIND]),
    "backends": lambda c, d, o: routes.other_backends(c),
    "around": lambda c, d, o: test_gateway.test_no_way_around(c, o["services"], None),
    "replicas": lambda c, d, o: test_replicas.test_replicas_run(d, o["hpa"]),
    "budget": lambda c, d, o: test_replicas.test_one_may_go(c, d),
    "cpu": lambda c, d, o: test_replicas.test_autoscaler_reads_cpu(c, d, o["hpa"]),
    "scales": lambda c, d, o: test_replicas.test_autoscaler_scales(
        None, Phase(4, ROOT, "local"), Phase(4, ROOT, "local"), d, o["hpa"], False
    ),
    "settings": lambda c, d, o: test_settings.test_settings_roll_out(c, d),
    "quota": lambda c, d, o: test_settings.test_quota_refuses(c, d),
}


@pytest.mark.parametrize("name", ["ready", "image", "confined"])
@pytest.mark.usefixtures("at_once")
def test_nothing_is_known_of_pods_while_there_is_none(name: str) -> None:
    objects = copy.deepcopy(RIGHT)
    del objects["pods"]
    cluster = Odd(objects=objects)
    with pytest.raises(Unknown):
        CHECKS[name](cluster, Deployment(cluster, objects["deployments"]), objects)


@pytest.mark.parametrize("account", ["default", None])
@pytest.mark.usefixtures("at_once")
def test_a_pod_of_another_account_is_not_confined(account: str | None) -> None:
    objects = copy.deepcopy(RIGHT)
    cluster = Odd(objects=objects)
    deployment = Deployment(cluster, objects["deployments"])
    assert CHECKS["confined"](cluster, deployment, objects).startswith("user 1")
    objects["pods"]["spec"]["serviceAccountName"] = account
    with pytest.raises(Wrong) as wrong:
        CHECKS["confined"](cluster, deployment, objects)
    assert wrong.value.rows["found"] == f"ServiceAccount {account}"


WANTS_MORE = {"update", "replicas", "settings"}  # a second version, a second pod, other settings


def mutations(right: Object) -> Iterator[tuple[str, Object]]:
    """Every field removed, and replaced by something else; each with the place in words."""
    for path in places(right):
        for other in ("removed", *OTHERS):
            odd = copy.deepcopy(right)
            inside: Any = odd
            for key in path[:-1]:
                inside = inside[key]
            if other == "removed":
                del inside[path[-1]]
            else:
                inside[path[-1]] = other
            yield f"{'.'.join(map(str, path))} {other!r}", odd


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path and path not in (("kind",), ("metadata",), ("metadata", "name")):
        yield path
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = [*value]
    elif isinstance(value, list):
        keys = [*range(len(value))]
    for key in keys:
        yield from places(value[key], (*path, key))


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for; what the lessons have recorded is there."""
    monkeypatch.setattr(kubernetes, "SECONDS_BETWEEN_LOOKS", 0)
    for module in (test_pod, test_gateway, test_replicas):
        for name in vars(module):
            if name.startswith("SECONDS_TO"):
                monkeypatch.setattr(module, name, 0)
    monkeypatch.setattr(test_disturbance, "read_traffic", lambda *_: TRAFFIC)
    monkeypatch.setattr(test_replicas, "read_load", lambda *_: LOAD)


@pytest.mark.parametrize("kind", RIGHT)
@pytest.mark.usefixtures("at_once")
def test_no_check_crashes_on_an_odd_object(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    crashes, made = [], 0
    for place, odd in mutations(RIGHT[kind]):
        made += 1
        kept = pickle.dumps({**RIGHT, kind: odd})  # a check may change what it is given
        for name, check in CHECKS.items():
            objects = pickle.loads(kept)
            cluster = Odd(objects=objects)
            try:
                check(cluster, Deployment(cluster, objects["deployments"]), objects)
            except Finding:
                pass
            except Exception as error:
                finding = odd_object(error, error.__traceback__)
                if finding is None:
                    crashes.append(f"{name}: {kind} {place}: {type(error).__name__} {error}")
    with capsys.disabled():
        print(f"\n{kind}: {made} odd objects, {len(crashes)} crashes")
    assert not crashes, "\n".join(crashes[:20])


def strategy_of(deployment: Object) -> object:
    return deployment["spec"]["strategy"]


def test_the_odd_object_is_named() -> None:
    with pytest.raises(KeyError) as raised:
        strategy_of(item("Deployment"))
    finding = odd_object(raised.value, raised.value.__traceback__)
    assert finding is not None
    assert "the Deployment ml-api" in finding.rows["expected"]
    assert finding.rows["run next"].endswith("get deployment ml-api --output yaml")


def test_an_error_of_another_kind_is_the_checks_own() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        divide(item("Deployment"))
    assert odd_object(raised.value, raised.value.__traceback__) is None


def test_fault_below_a_function_that_holds_an_object_is_the_checks_own() -> None:
    with pytest.raises(TypeError) as raised:
        lengths(item("Deployment"))
    assert odd_object(raised.value, raised.value.__traceback__) is None


def lengths(deployment: Object) -> tuple[int, int]:
    return len(deployment), length_of(None)


def length_of(something: Any) -> int:
    return len(something)


def divide(deployment: Object) -> float:
    return 1 / len(deployment.get("spec", ""))


@pytest.mark.parametrize("name", sorted(CHECKS.keys() - WANTS_MORE))
@pytest.mark.usefixtures("at_once")
def test_what_is_made_odd_is_right_before(name: str) -> None:
    objects = copy.deepcopy(RIGHT)
    objects["pods"]["status"]["containerStatuses"][0]["ready"] = True
    cluster = Odd(objects=objects)
    CHECKS[name](cluster, Deployment(cluster, objects["deployments"]), objects)

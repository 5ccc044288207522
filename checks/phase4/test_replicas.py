"""The pods of phase 4: several, as many as the load asks for, and never all gone at once."""

from datetime import UTC, datetime

import pytest

from checks.phase1 import test_pod
from checks.phase4 import test_gateway
from workbook.checks.api import Api
from workbook.checks.check import check
from workbook.checks.deployment import Deployment, is_ready
from workbook.checks.patience import settled
from workbook.checks.recordings import refuse_other_system
from workbook.course.phase import Phase
from workbook.measure.load import Load, cpu_of, read_load, under_load
from workbook.outcome import NotStarted, Unknown, Wrong
from workbook.targets.kubernetes import (
    APP,
    Kubernetes,
    Object,
    digest_of_spec,
    name_of,
)

LESSON = "phases/phase4/README.md"
RECORDING = "autoscaling"
FEWEST = 2
SECONDS_TO_BE_READY = 20
SECONDS_TO_COUNT = 20  # a budget lets none go while a pod starts
SECONDS_TO_LOOK = 20  # the autoscaler does so every 15
SECONDS_TO_BE_MEASURED = 90
SECONDS_OF_LOAD = 75
# What an autoscaler says before the CPU of new pods was measured.
TOO_EARLY = ("did not receive metrics", "no metrics returned")
CALLERS = 32
DESCRIBE = "kubectl --namespace ml-demo describe"


@check(
    read=f"{LESSON}#two-at-least",
    after=(test_gateway.test_gateway_works, test_pod.test_pod_is_running),
)
def test_replicas_run(deployment: Deployment, scaler: Object) -> str:
    """Multiple replicas are running"""
    ready = settled(lambda: _ready(deployment), lambda n: n >= FEWEST, SECONDS_TO_BE_READY)
    if ready < FEWEST:
        newest = deployment.replica_sets()[-1]
        raise Wrong(
            expected=f"{FEWEST} pods or more that are ready",
            found=f"{ready}\n{deployment.evidence(newest)}".rstrip(),
            why="with one pod, the API is away while the pod is replaced. Either no second pod is "
            "requested, or it is refused, or it does not start. The autoscaler keeps "
            f"{scaler['spec'].get('minReplicas', 1)} or more",
            run_next=f"{DESCRIBE} hpa {APP}; {DESCRIBE} replicasets",
        )
    return f"{ready} ready"


@check(read=f"{LESSON}#two-at-least", after=test_replicas_run)
def test_one_may_go(cluster: Kubernetes, deployment: Deployment) -> str:
    """One pod at a time may be taken away"""
    if cluster.get_one("poddisruptionbudgets", APP) is None:
        raise NotStarted("make the PodDisruptionBudget: lesson 4, “Deploy it”")
    pods = deployment.pods()
    budgets = [name_of(b) for b in cluster.get("poddisruptionbudgets") if _counts(b, pods)]
    if budgets != [APP]:
        raise Wrong(
            expected=f"one budget for the pods: {APP}",
            found=", ".join(budgets) or "none that selects them",
            why="a pod that two budgets count cannot be taken away at all: the API server refuses "
            "it. One that none counts may always be",
            run_next=f"{DESCRIBE} poddisruptionbudgets",
        )
    allowed, healthy = settled(
        lambda: _budget(cluster), lambda found: 0 < found[0] < found[1], SECONDS_TO_COUNT
    )
    if not 0 < allowed < healthy:
        raise Wrong(
            expected="a budget that lets at least one pod go, and at least one stay",
            found=f"{allowed} of {healthy} may go",
            why="if no pod may go, a node can never be drained, and the cluster cannot be upgraded"
            if not allowed
            else "if all pods may go, an upgrade may stop the whole service",
            run_next=f"{DESCRIBE} poddisruptionbudget {APP}",
        )
    return f"{allowed} of {healthy}"


@check(read=f"{LESSON}#let-it-grow", after=test_replicas_run)
def test_autoscaler_reads_cpu(cluster: Kubernetes, deployment: Deployment, scaler: Object) -> str:
    """HPA reads the CPU of the pods"""
    cpu = cpu_of(cluster)
    if cpu is None and _is_active(scaler):
        # there were fewer pods than its least or more than its most: then it reads at its next look
        cpu = settled(lambda: cpu_of(cluster), lambda seen: seen is not None, SECONDS_TO_LOOK)
    if cpu is None or not _is_active(scaler):
        now = datetime.now(UTC)
        statuses = [pod["status"] for pod in deployment.pods()]
        started = [datetime.fromisoformat(s["startTime"]) for s in statuses if "startTime" in s]
        age = (now - max(started, default=now)).total_seconds()
        status = scaler.get("status", {})
        if age < SECONDS_TO_BE_MEASURED and any(words in str(status) for words in TOO_EARLY):
            raise Unknown(f"the pods have run for {age:.0f} s: their CPU is known after a minute")
        conditions = [
            f"{each['type']} is {each['status']}: {each['message']}"
            for each in status.get("conditions") or []
            if each["type"] != "ScalingLimited" and each["status"] != "True"
        ]
        raise Wrong(
            expected=f"the HPA to scale the Deployment {APP} by the CPU of its pods",
            found="\n".join(conditions) or "it has seen no metric yet",
            why="it scales another object. Or the pods set no CPU request, so there is no "
            "percentage. Or metrics-server is not running",
            run_next=f"{DESCRIBE} hpa {APP}; kubectl --namespace kube-system get deployment "
            "metrics-server (./workbook up brings it back)",
        )
    others = [
        name_of(each)
        for each in cluster.get("hpa")
        if name_of(each) != APP and _scales(each) == ("Deployment", APP)
    ]
    if others:
        raise Wrong(
            expected=f"one autoscaler of the Deployment {APP}",
            found=f"also {', '.join(others)}",
            why="two autoscalers undo what the other one does, for ever",
            run_next=f"{DESCRIBE} hpa",
        )
    return f"{cpu} % of what they request"


@check(read=f"{LESSON}#let-it-grow", after=test_autoscaler_reads_cpu)
def test_autoscaler_scales(
    request: pytest.FixtureRequest,
    phase: Phase,
    current: Phase,
    deployment: Deployment,
    scaler: Object,
    active: bool,
) -> str:
    """HPA scales pods based on CPU: up under load, and down again"""
    spec = scaler["spec"]
    if spec["maxReplicas"] <= spec.get("minReplicas", 1):
        raise Wrong(
            expected="room between minReplicas and maxReplicas",
            found=f"{spec.get('minReplicas', 1)} and {spec['maxReplicas']}",
            why="an autoscaler that may not add a pod cannot scale",
            run_next=f"{DESCRIBE} hpa {APP}",
        )
    target, most = _target(scaler), _most_cpu(deployment)
    if target is None or target >= most:
        raise Wrong(
            expected=f"a target below {most:.0f} % of the request, which a pod can take at most",
            found="no target for the CPU" if target is None else f"{target} %",
            why="a load that is above the target must exist, or no pod is ever added",
            run_next=f"{DESCRIBE} hpa {APP}",
        )
    if active:
        load = _repeated(request)
    else:
        recording = read_load(phase.state, RECORDING)
        if recording is None or not _is_of(recording, scaler):
            raise NotStarted("load the service: lesson 4, “Let it grow”")
        refuse_other_system(recording, phase, current, deployment, "lesson 4, “Let it grow”")
        load = recording
    if load.most <= load.fewest or load.last > load.fewest or load.failed:
        raise Wrong(
            expected=f"more than {load.fewest} pods ready under load, {load.fewest} at the end, "
            "and no failed request",
            found=load.summary(),
            why="some requests failed: see the reasons; a pod that ended too early, or a gateway "
            "that was overloaded"
            if load.failed
            else "the load was too small or too short for the autoscaler to see, or the pods that "
            "it asked for did not start",
            run_next=f"{DESCRIBE} hpa {APP}; then load it again, as lesson 4 does",
        )
    return load.summary()


def _is_of(recording: Load, scaler: Object) -> bool:
    """Whether a recording is of this autoscaler: as it is now, or as it was first created."""
    recorded = recording.system.get("autoscaler")
    if recorded:
        return recorded == digest_of_spec(scaler)
    created: str = scaler["metadata"]["creationTimestamp"]
    return recording.started >= created


def _ready(deployment: Deployment) -> int:
    return sum(map(is_ready, deployment.pods()))


def _budget(cluster: Kubernetes) -> tuple[int, int]:
    """How many pods may go, of how many."""
    budget = cluster.get_one("poddisruptionbudgets", APP) or {}
    status = budget.get("status", {})
    return status.get("disruptionsAllowed", 0), status.get("currentHealthy", 0)


def _target(scaler: Object) -> float | None:
    """The CPU that it aims at, in per cent of what pods request; None where it aims at no CPU."""
    for metric in (scaler.get("spec") or {}).get("metrics") or []:
        resource = metric.get("resource") or {}
        target = (resource.get("target") or {}).get("averageUtilization")
        if resource.get("name") == "cpu" and isinstance(target, int | float):
            return target
    return None


def _most_cpu(deployment: Deployment) -> float:
    """The CPU that a pod may take at most, in per cent of what it requests; else a large number."""
    resources = deployment.container.get("resources") or {}
    limit, request = (
        _cores((resources.get(name) or {}).get("cpu")) for name in ("limits", "requests")
    )
    return 100 * limit / request if limit and request else 10_000


def _cores(quantity: object) -> float:
    """CPU in cores, of what Kubernetes writes as 2 or 100m; 0 where it is neither."""
    text = str(quantity or 0)
    try:
        return float(text.removesuffix("m")) / (1000 if text.endswith("m") else 1)
    except ValueError:
        return 0


def _counts(budget: Object, pods: list[Object]) -> bool:
    """Whether a budget selects one of these pods; an empty selector selects all."""
    wanted = ((budget.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    return any(wanted.items() <= (p["metadata"].get("labels") or {}).items() for p in pods)


def _scales(scaler: Object) -> tuple[str, str]:
    """The kind and the name of what an autoscaler scales."""
    target = (scaler.get("spec") or {}).get("scaleTargetRef") or {}
    return str(target.get("kind")), str(target.get("name"))


def _is_active(scaler: Object) -> bool:
    status = scaler.get("status", {})
    states = {each["type"]: each["status"] for each in status.get("conditions") or []}
    return states.get("ScalingActive") == "True" and states.get("AbleToScale") == "True"


def _repeated(request: pytest.FixtureRequest) -> Load:
    """Do again what the lesson did; its own recording stays."""
    api: Api = request.getfixturevalue("api")
    cluster: Kubernetes = request.getfixturevalue("cluster")
    print("\n   --active: load, until the autoscaler is calm again: some minutes …", flush=True)
    return under_load(
        api.address,
        cluster,
        callers=CALLERS,
        seconds=SECONDS_OF_LOAD,
        authority=api.authority,
        show=lambda moment: print(
            f"\r   {moment.second:4.0f} s, {moment.ready} of {moment.replicas} ready ",
            end="",
            flush=True,
        ),
    )

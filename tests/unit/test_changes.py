"""Changes of the cluster are reported when they happen, and kubectl ends when nobody asks."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from copies import ROOT
from fake_cluster import event, proxy_of, write_kubectl

from checks.phase3 import test_infrastructure
from workbook.targets import changes
from workbook.targets.changes import KINDS, Kind, reported_changes
from workbook.targets.kubernetes import OF_A_CHECK, Kubernetes

NAMESPACES = ("ml-demo", "terraform-state")
NOT_FOLLOWED = {"customresourcedefinitions", "events", "replicasets"}  # pods change with them
SECONDS = 60  # to wait for what comes at once on an idle machine
STATUS = {"manager": "kube-controller-manager", "subresource": "status"}


@pytest.fixture
def cluster(tmp_path: Path) -> Kubernetes:
    """A cluster whose API server knows pods, and reports what is in the file `events/pods`."""
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "pods").write_text(event("ADDED", "one"))
    write_kubectl(tmp_path / "kubectl", proxy_of(tmp_path / "events"))
    return Kubernetes(tmp_path / "kubectl", tmp_path / "kubeconfig")


@pytest.fixture
def heard(cluster: Kubernetes) -> Iterator[threading.Event]:
    """Whether a change was reported since a test looked last; what is there at first was."""
    heard = threading.Event()
    with reported_changes(lambda: cluster, NAMESPACES, heard.set):
        assert heard.wait(SECONDS)
        yield heard


def say(cluster: Kubernetes, line: str) -> None:
    with (cluster.kubectl.parent / "events" / "pods").open("a") as events:
        events.write(line)


def proxies(cluster: Kubernetes) -> list[psutil.Process]:
    """The processes that stand for `kubectl proxy`."""
    program = str(cluster.kubectl.parent / "proxy.py")
    found = []
    for each in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            if program in each.cmdline():
                found.append(each)
    return found


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    "line", [event("MODIFIED", "one", 2), event("DELETED", "one"), event("ADDED", "two")]
)
def test_each_change_is_reported(cluster: Kubernetes, heard: threading.Event, line: str) -> None:
    wait_for(lambda: _is_quiet(heard))
    say(cluster, line)
    assert heard.wait(SECONDS)


def _is_quiet(heard: threading.Event) -> bool:
    heard.clear()
    return not heard.wait(1)


def test_cluster_that_ceases_to_answer_is_reported(
    cluster: Kubernetes, heard: threading.Event
) -> None:
    wait_for(lambda: _is_quiet(heard))
    (cluster.kubectl.parent / "events" / "pods").unlink()
    assert heard.wait(SECONDS)


def test_kubectl_is_started_again_and_ends_with_us(cluster: Kubernetes) -> None:
    with reported_changes(lambda: cluster, NAMESPACES, lambda: None):
        wait_for(lambda: len(proxies(cluster)) == 1)
        [first] = proxies(cluster)
        first.kill()
        wait_for(lambda: bool(set(proxies(cluster)) - {first}))
    assert not proxies(cluster)


def test_kubectl_that_hears_nothing_is_started_again(
    cluster: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cluster was removed and made again: kubectl still asks the old one."""
    monkeypatch.setattr(changes, "SECONDS_OF_SILENCE", 1)
    (cluster.kubectl.parent / "events" / "pods").unlink()
    with reported_changes(lambda: cluster, NAMESPACES, lambda: None):
        wait_for(lambda: len(proxies(cluster)) == 1)
        [first] = proxies(cluster)
        wait_for(lambda: bool(set(proxies(cluster)) - {first}))


def test_kubectl_that_fails_is_started_again_ever_later(
    cluster: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_kubectl(cluster.kubectl, {"*": "exit 1"})
    paused: list[float] = []
    sleep = asyncio.sleep

    async def at_once(seconds: float) -> None:
        if seconds in changes.PAUSES:
            paused.append(seconds)
        await sleep(0)

    monkeypatch.setattr("workbook.targets.changes.asyncio.sleep", at_once)
    with reported_changes(lambda: cluster, NAMESPACES, lambda: None):
        wait_for(lambda: len(paused) > 6)
    assert paused[:7] == [1, 2, 4, 8, 16, 30, 30]


def news(kind: str, *lines: str) -> list[bool]:
    """Whether each event is news."""
    of = Kind(kind, NAMESPACES, lambda: None)
    return [of.is_news(json.loads(line)) for line in lines]


def test_object_that_is_reported_a_second_time_is_no_news() -> None:
    same = event("ADDED", "one", 5)
    assert news("pods", same, same, event("MODIFIED", "one", 6)) == [True, False, True]


def test_status_of_a_restless_object_is_no_news() -> None:
    def node(version: int, *written: dict[str, str]) -> str:
        return event("MODIFIED", "node", version, namespace="", managedFields=[*written])

    cordoned = {"manager": "kubectl-cordon"}
    beat, beat_again = ({**STATUS, "time": time} for time in ("12:00:00", "12:00:10"))
    lines = node(1, beat), node(2, beat_again), node(3, beat_again, cordoned)
    assert news("nodes", *lines) == [True, False, True]
    assert news("gatewayclasses", *lines) == [True, True, True]


def test_what_a_check_makes_or_is_in_another_namespace_is_no_news() -> None:
    of_a_check = event("ADDED", "knocks", labels={**OF_A_CHECK, "app": "any"})
    assert news("pods", of_a_check) == [False]
    assert news("pods", event("ADDED", "coredns", namespace="kube-system")) == [False]
    assert news("nodes", event("ADDED", "node", namespace="")) == [True]
    assert news("pods", event("ADDED", "other", labels={"app": "any"})) == [True]


def test_event_that_is_none_ends_the_answer() -> None:
    with pytest.raises(ValueError, match="410"):
        Kind("pods", NAMESPACES, lambda: None).is_news({"type": "ERROR", "object": {"code": 410}})


def test_every_kind_that_a_check_asks_for_is_followed() -> None:
    files = [*(ROOT / "checks").rglob("*.py"), *(ROOT / "src/workbook/checks").glob("*.py")]
    asked = {
        kind.partition(".")[0]
        for file in files
        for kind in re.findall(r"get_one\(\s*\"([a-z.]+)\"", file.read_text(encoding="utf-8"))
    }
    assert {"deployments", "services", "persistentvolumes"} <= asked
    listed = test_infrastructure.KINDS.split(",")
    asked |= {kind.partition(".")[0] for kind in listed}
    asked = {kind.replace("hpa", "horizontalpodautoscalers") for kind in asked}
    assert asked - KINDS.keys() <= NOT_FOLLOWED

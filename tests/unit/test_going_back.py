"""Going back: what later phases added goes, what holds data stays, and nothing goes by mistake."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from copies import copy_manifests
from fake_cluster import use_cluster, write_kubectl
from recorded_az import SUBSCRIPTION

from workbook.checks.check import Result, keep_results
from workbook.cli import actions
from workbook.course.phase import Phase
from workbook.errors import WorkbookError
from workbook.learner.answers import write_answer
from workbook.learner.choices import Choices
from workbook.learner.store import write_json
from workbook.lessons import deploying, going_back
from workbook.lessons.going_back import (
    LABEL,
    LEFT,
    added_objects,
    come_again,
    go_back,
    was_begun,
    was_left,
)
from workbook.outcome import Outcome
from workbook.targets.kubernetes import Kubernetes

CHOICES = Choices()
ON_AZURE = Choices(target="azure", subscription=SUBSCRIPTION, prefix="ml-demo")
GATEWAY = "gateway.networking.k8s.io/v1"


def thing(kind: str, phase: str, *, group: str = "v1", where: str = "ml-demo", **more: Any) -> Any:
    """An object named for its kind, as kubectl lists it."""
    labels = {LABEL: phase}
    metadata = {"name": kind.lower(), "namespace": where, "labels": labels, **more}
    return {"kind": kind, "apiVersion": group, "metadata": metadata}


OWNED = {"ownerReferences": [{"uid": "1", "name": "ml-api"}]}
EVERYTHING = [
    thing("Service", "1"),
    thing("ConfigMap", "2"),
    thing("StatefulSet", "2", group="apps/v1", where="ml-data"),
    thing("NetworkPolicy", "3", group="networking.k8s.io/v1", where="ml-data"),
    thing("HTTPRoute", "4", group=GATEWAY),
    thing("ResourceQuota", "4"),
    thing("Deployment", "4", group="apps/v1", where="ml-gateway"),
    thing("EndpointSlice", "4", group="discovery.k8s.io/v1", **OWNED),
    thing("Secret", "4"),
    thing("PersistentVolume", "4"),
    thing("Namespace", "4"),
    thing("ConfigMap", "some-text"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workbook whose phases 1 to 4 were deployed, on a cluster that `say` tells of."""
    copy_manifests(tmp_path)
    for number in range(5):
        (tmp_path / f"phases/phase{number}/README.md").write_text(f"# {number}\n")
    for number in (1, 2, 4):  # lesson 3 leaves the API as it is
        for target in ("local", "azure"):
            values = Phase(number, tmp_path, target).values
            values.parent.mkdir(parents=True)
            values.write_text(f"IMAGE={number}\n")
    Phase(3, tmp_path, "local").values.parent.mkdir(parents=True)
    cluster = Kubernetes(tmp_path / "kubectl", tmp_path / "kubeconfig")
    monkeypatch.setattr(going_back, "find_cluster", lambda home, target: cluster)
    monkeypatch.setattr(Kubernetes, "authority", lambda self: "this one")
    monkeypatch.setattr(deploying, "_apply_root", lambda phase, choices: None)
    say(tmp_path)
    return tmp_path


def say(
    home: Path,
    *items: Any,
    listing: str = "",
    deletion: str = ":",
    cronjobs: str = "",
    api: str = "",
) -> None:
    """Write a kubectl that knows these objects, and notes what it changes."""
    there = json.dumps({"items": items or EVERYTHING})
    namespaces = [{"metadata": {"name": f"ml-{name}"}} for name in ("demo", "data", "gateway")]
    namespaces.append({"metadata": {"name": "terraform-state"}})
    write_kubectl(
        home / "kubectl",
        {
            "*api-resources*": "echo configmaps; echo events; echo routes",
            f"*--selector={LABEL}*": listing or f"echo '{there}'",
            '*" get namespaces"*': f"echo '{json.dumps({'items': namespaces})}'",
            '*" get deployments ml-api "*': api or ":",
            '*" get cronjobs"*': cronjobs or """echo '{"items": []}'""",
            '*" create "*': f'echo "$*" >> {home}/changes',
            '*" get "*': """echo '{"items": []}'""",
            '*" delete "*': f'{deletion}; echo "$*" >> {home}/changes',
            '*" apply "*': f'echo "$*" >> {home}/changes; cat {home}/phases/phase3/k8s/local/'
            f"values/values.env >> {home}/values 2> /dev/null || :",
            "*": ":",
        },
    )


def changes(home: Path) -> list[str]:
    """The verbs that change something, each with its namespace and what it names."""
    file = home / "changes"
    lines = file.read_text().splitlines() if file.exists() else []
    found = []
    for line in lines:
        words = line.replace(f"{home}/", "").split()
        namespace = words[1].removeprefix("--namespace=")
        named = [w for w in words[4:] if not w.startswith(("--ignore", "--timeout"))]
        found.append(" ".join(filter(None, [words[3], namespace, *named])))
    return found


DELETED_OF_4 = [
    "delete ml-demo httproute.gateway.networking.k8s.io/httproute resourcequota/resourcequota",
    "delete ml-gateway deployment.apps/deployment",
    "delete ml-demo namespace ml-gateway",
]
DEPLOYED_2 = [
    "apply --kustomize=k8s/postgres",
    "delete ml-demo jobs --selector=app.kubernetes.io/component=migration",
    "apply --kustomize=phases/phase2/k8s/local --selector=app.kubernetes.io/component in "
    "(settings, migration)",
    "apply --kustomize=phases/phase2/k8s/local",
]


def test_what_later_phases_added_goes_from_the_top_and_then_the_phase_is_deployed(
    home: Path,
) -> None:
    removed = go_back(Phase(2, home, "local"), CHOICES)
    assert changes(home) == [
        *DELETED_OF_4,
        "delete ml-data networkpolicy.networking.k8s.io/networkpolicy",
        *DEPLOYED_2,
    ]
    assert "namespace/ml-gateway" in removed
    assert "namespace/terraform-state" not in removed


def test_the_server_and_its_rows_stay_in_phase_1(home: Path) -> None:
    go_back(Phase(1, home, "local"), CHOICES)
    done = changes(home)
    assert "delete ml-demo configmap/configmap" in done
    assert not any("statefulset" in line or "ml-data" in line.split()[2:] for line in done)
    assert done[-1] == "apply --kustomize=phases/phase1/k8s/local"
    assert not any("jobs" in line for line in done)


def test_what_an_earlier_phase_had_and_the_phase_does_not_is_deleted(home: Path) -> None:
    go_back(Phase(3, home, "local"), CHOICES)
    assert changes(home)[len(DELETED_OF_4)] == "delete ml-data service postgres-outside"
    assert changes(home)[-1] == "apply --kustomize=phases/phase3/k8s/local"


def test_a_phase_whose_lesson_writes_no_values_has_those_before_it_for_that_moment(
    home: Path,
) -> None:
    phase = Phase(3, home, "local")
    go_back(phase, CHOICES)
    assert set((home / "values").read_text().split()) == {"IMAGE=2"}
    assert not phase.values.exists()


def test_a_cronjob_that_is_created_again_is_run_once_as_its_lesson_does(home: Path) -> None:
    cronjob = {"metadata": {"name": "nightly", "uid": "2"}}
    say(home, cronjobs=f"echo '{json.dumps({'items': [cronjob]})}'")
    go_back(Phase(2, home, "local"), CHOICES)
    assert changes(home)[-1] == "create ml-demo job nightly-by-hand --from=cronjob/nightly"


def test_nothing_is_touched_where_no_later_phase_has_an_object(home: Path) -> None:
    say(home, thing("Service", "1"), thing("ConfigMap", "2"))
    (home / "phases/phase4/phase.toml").write_text("adds = []\n")
    assert go_back(Phase(2, home, "local"), CHOICES) == []
    assert not changes(home)


def test_a_phase_without_a_cluster_leaves_the_cluster_alone(home: Path) -> None:
    assert go_back(Phase(0, home, "local"), CHOICES) == []
    assert not changes(home)


def test_what_holds_data_and_what_has_an_owner_is_not_listed(home: Path) -> None:
    cluster = Kubernetes(home / "kubectl", home / "kubeconfig")
    names = {
        each.name for each in added_objects(Phase(1, home, "local"), cluster) if each.phase == 4
    }
    assert names == {
        "httproute.gateway.networking.k8s.io/httproute",
        "resourcequota/resourcequota",
        "deployment.apps/deployment",
    }


def test_nothing_goes_where_the_objects_cannot_be_listed(home: Path) -> None:
    say(home, listing="echo timeout >&2; exit 1")
    with pytest.raises(WorkbookError, match="cannot be listed: timeout"):
        go_back(Phase(2, home, "local"), CHOICES)
    assert not changes(home)


@pytest.mark.parametrize(
    ("begun", "run_next"),
    [
        ((), "./workbook run 1"),
        ((0, 1, 2), "./workbook run 2"),
        ((0, 1, 2, 3), "./workbook run 2, then ./workbook run 3"),  # 3 deploys no API here
        ((0, 1, 2, 3, 4), "./workbook run 4"),
    ],
)
def test_a_system_without_the_labels_is_refused_with_the_lesson_that_adds_them(
    home: Path, begun: tuple[int, ...], run_next: str
) -> None:
    for each in begun:
        (Phase(each, home, "local").state / "run.json").touch()
    api = {"metadata": {"name": "ml-api", "labels": {"app.kubernetes.io/name": "ml-api"}}}
    say(home, api=f"echo '{json.dumps(api)}'")
    with pytest.raises(WorkbookError, match="an older version of the workbook") as refused:
        go_back(Phase(1, home, "local"), CHOICES)
    assert refused.value.run_next == run_next
    assert not changes(home)
    api["metadata"]["labels"] = {LABEL: "1"}
    say(home, api=f"echo '{json.dumps(api)}'")
    assert go_back(Phase(1, home, "local"), CHOICES)


def test_nothing_is_deployed_where_something_cannot_be_deleted(home: Path) -> None:
    say(home, deletion="echo stuck >&2; exit 1")
    with pytest.raises(WorkbookError, match="cannot be deleted: stuck"):
        go_back(Phase(2, home, "local"), CHOICES)
    assert not changes(home)


def test_on_azure_going_back_behind_another_infrastructure_is_refused(home: Path) -> None:
    use_cluster(home, "ml-demo-abc12-aks")
    with pytest.raises(WorkbookError, match="phase 3 created a cluster") as refused:
        go_back(Phase(2, home, "azure"), ON_AZURE)
    assert "./workbook down" in refused.value.run_next
    assert not changes(home)
    values = Phase(3, home, "azure").values
    values.parent.mkdir(parents=True)
    values.write_text("IMAGE=3\n")
    assert "namespace/ml-gateway" in go_back(Phase(3, home, "azure"), ON_AZURE)


@pytest.mark.parametrize("name", ["ml-demo-aks", "another-aks", "another-abc12-aks"])
def test_on_azure_only_terraforms_cluster_of_the_chosen_prefix_stops_going_back(
    home: Path, name: str
) -> None:
    use_cluster(home, name)
    assert "namespace/ml-gateway" in go_back(Phase(2, home, "azure"), ON_AZURE)


def test_a_phase_that_was_left_comes_again_once_and_on_the_same_cluster_only(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = Phase(4, home, "local")
    assert not come_again(left, CHOICES)
    go_back(Phase(3, home, "local"), CHOICES)
    (home / "changes").unlink()
    assert come_again(left, CHOICES)
    assert changes(home)[0] == "apply --kustomize=k8s/gateway"
    assert changes(home)[-1] == "apply --kustomize=phases/phase4/k8s/local"
    assert not come_again(left, CHOICES)

    go_back(Phase(3, home, "local"), CHOICES)
    monkeypatch.setattr(Kubernetes, "authority", lambda self: "another one")
    assert not come_again(left, CHOICES)


@pytest.mark.parametrize(
    ("outcome", "status", "left"),
    [(Outcome.PASSED, 0, []), (Outcome.NOT_STARTED, 10, [1, 2])],
    ids=["complete", "not complete"],
)
def test_a_phase_that_was_left_is_not_left_once_its_checks_pass(
    home: Path, monkeypatch: pytest.MonkeyPatch, outcome: Outcome, status: int, left: list[int]
) -> None:
    """As after `run 2`, which goes by no `goto`. A phase after it is still left."""
    phases = [Phase(number, home, "local") for number in range(5)]
    for number in (1, 2, 4):
        (phases[number].state / "run.json").touch()
        (phases[number].state / LEFT).touch()
    phases[2].checks.mkdir(parents=True)

    def run_checks(*_: object, **__: object) -> subprocess.CompletedProcess[bytes]:
        keep_results(phases[2], [Result("it", "It works", outcome, 0)], [])
        return subprocess.CompletedProcess([], status)

    monkeypatch.setattr(actions.subprocess, "run", run_checks)
    actions.check_lesson(phases[2])
    assert [phase.number for phase in phases if was_left(phase)] == [*left, 4]
    assert not phases[0].has_state


@pytest.mark.parametrize("practice", ["answer", "exercise"])
def test_practice_of_a_later_phase_does_not_begin_it(home: Path, practice: str) -> None:
    later = Phase(2, home, "local")
    if practice == "answer":
        write_answer(later, "a-question", "an answer", "a cluster")
    else:
        write_json(later.state / "exercises" / "one.json", {})
    assert not was_begun(later)
    (later.state / "run.json").touch()
    assert was_begun(later)

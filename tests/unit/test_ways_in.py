"""What the checks of phase 3 see beside the code: policies, strangers, volumes of another kind."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the checks are no part of the package

from checks.phase3 import impostors, test_infrastructure, test_lifetimes
from checks.phase3.conftest import RESOURCE
from workbook.course.phase import Phase
from workbook.learner.choices import Choices
from workbook.outcome import Wrong
from workbook.targets.kubernetes import Kubernetes, Object

OURS = [{"kind": "NetworkPolicy", "name": "only-the-api"}, {"kind": "Service", "name": "postgres"}]
STATE = {
    "resources": [
        {"type": RESOURCE, "instances": [{"attributes": attributes}]} for attributes in OURS
    ]
}


@dataclass(frozen=True)
class Said(Kubernetes):
    """A cluster that says what a test wants, by kind."""

    objects: dict[str, list[Object]] = field(default_factory=dict)

    def get(self, kind: str, selector: str = "") -> list[Object]:
        return self.objects.get(kind, [])

    def get_one(self, kind: str, name: str) -> Object | None:
        return next((each for each in self.get(kind) if each["metadata"]["name"] == name), None)


def cluster(**objects: list[Object]) -> Said:
    return Said(Path("kubectl"), Path("kubeconfig"), objects=objects)


def policy(name: str, **spec: Any) -> Object:
    return {"kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec}


def admits(*policies: Object) -> None:
    test_infrastructure._refuse_other_policies(cluster(networkpolicies=[*policies]), STATE)


def test_policies_in_the_code_or_without_ingress_pass() -> None:
    admits(
        policy("only-the-api", ingress=[{"from": [{}]}]),
        policy("closed"),
        {**policy("odd"), "spec": None},
    )


@pytest.mark.parametrize(
    "other",
    [impostors.OTHER_NAMESPACE, policy("wide", ingress=[{}]), policy("b", ingress=[{"from": []}])],
)
def test_second_policy_that_admits_is_seen(other: Object) -> None:
    with pytest.raises(Wrong, match=other["metadata"]["name"]):
        admits(policy("only-the-api", ingress=[{}]), other)


def beside(*others: Object) -> str:
    own = [{"kind": each["kind"], "metadata": {"name": each["name"]}} for each in OURS]
    phase = Phase(3, Path(), "local")
    there = cluster(**{test_infrastructure.KINDS: [*own, *others]})
    return test_infrastructure.test_all_is_in_terraform(phase, there, STATE, Choices())


def test_what_the_cluster_makes_itself_is_no_stranger() -> None:
    owned = {"name": "postgres-abc", "ownerReferences": [{"name": "postgres", "uid": "1"}]}
    beside(
        {"kind": "EndpointSlice", "metadata": owned},
        {"kind": "ServiceAccount", "metadata": {"name": "default"}},
        {"kind": "ConfigMap", "metadata": {"name": "kube-root-ca.crt"}},
    )


@pytest.mark.parametrize("kind", ["EndpointSlice", "RoleBinding", "DaemonSet", "Ingress", "Role"])
def test_stranger_of_any_kind_is_named(kind: str) -> None:
    with pytest.raises(Wrong, match=f"{kind} odd"):
        beside({"kind": kind, "metadata": {"name": "odd"}})


def kept(claim: Object, volume: Object) -> str:
    named = {"name": test_lifetimes.CLAIM, "creationTimestamp": "2026-01-01T00:00:00Z"}
    there = cluster(
        persistentvolumes=[{"metadata": {"name": test_lifetimes.VOLUME}, **volume}],
        persistentvolumeclaims=[{"metadata": named, **claim}],
    )
    state = {"resources": []}
    return test_lifetimes.test_what_must_outlive_the_server_does(
        Phase(3, Path(), "local"), there, state
    )


BOUND = {"spec": {"volumeName": test_lifetimes.VOLUME}}
RETAINED = {"spec": {"persistentVolumeReclaimPolicy": "Retain"}}


def test_rows_on_a_volume_that_stays_are_safe() -> None:
    assert kept(BOUND, RETAINED).startswith("Retain")


@pytest.mark.parametrize(
    ("claim", "volume", "found"),
    [
        (BOUND, {"spec": {"persistentVolumeReclaimPolicy": "Delete"}}, "Delete"),
        (BOUND, {"spec": {}}, "found no policy"),
        ({"spec": {"volumeName": "another"}}, RETAINED, "it is bound to another"),
        ({}, RETAINED, "no volume"),
    ],
)
def test_rows_that_would_go_with_their_claim_are_seen(
    claim: Object, volume: Object, found: str
) -> None:
    with pytest.raises(Wrong, match=found):
        kept(claim, volume)

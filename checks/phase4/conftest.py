"""What the checks of phase 4 look at: the gateway, and the API behind it."""

from pathlib import Path

import pytest

from workbook.checks.api import Api
from workbook.course.phase import Phase, root
from workbook.learner.choices import Choices
from workbook.outcome import NotStarted
from workbook.targets.address import address_of, authority_of
from workbook.targets.kubernetes import APP, GATEWAY_NAMESPACES, Kubernetes, Object
from workbook.targets.local.cluster import Cluster, Record

GATEWAY_KIND = "gateways.gateway.networking.k8s.io"


@pytest.fixture
def around_gateway(cluster: Kubernetes, choices: Choices) -> Kubernetes:
    """The cluster, in the namespace that the Gateway is in."""
    return cluster.within(GATEWAY_NAMESPACES[choices.target])


@pytest.fixture
def gateway(around_gateway: Kubernetes) -> Object:
    """The Gateway that the lesson makes."""
    known = around_gateway.get_one("customresourcedefinitions", GATEWAY_KIND)
    found = around_gateway.get_one(GATEWAY_KIND, APP) if known else None
    if found is None:
        raise NotStarted("make the Gateway: lesson 4, “A gateway” and “Deploy it”")
    return found


@pytest.fixture
def scaler(cluster: Kubernetes) -> Object:
    """The HorizontalPodAutoscaler that the lesson makes."""
    found = cluster.get_one("hpa", APP)
    if found is None:
        raise NotStarted("make the autoscaler: lesson 4, “Deploy it”")
    return found


@pytest.fixture
def record(choices: Choices) -> Record | None:
    """What is written down of the local cluster; None on Azure."""
    return Cluster(root()).record() if choices.target == "local" else None


@pytest.fixture
def plain_address(api: Api, record: Record | None) -> str:
    """Where the gateway answers without TLS."""
    if record is None:
        return api.address.replace("https://", "http://")
    return f"http://localhost:{record.gateway_http_port}"


@pytest.fixture
def authority(phase: Phase) -> Path:
    """The certificate of the learner's own authority."""
    found = authority_of(phase)
    if not found.exists():
        raise NotStarted("make a certificate: lesson 4, “A certificate for the gateway”")
    return found


@pytest.fixture
def api(phase: Phase, choices: Choices, gateway: Object, authority: Path) -> Api:
    """The API behind the gateway, by HTTPS."""
    return api_behind(phase, choices, gateway, authority)


def api_behind(phase: Phase, choices: Choices, gateway: Object, authority: Path) -> Api:
    """The API behind a Gateway, at the port of a local cluster or at Azure's address."""
    if known := address_of(phase, choices):
        address = known.url
    else:
        addresses = gateway.get("status", {}).get("addresses") or [{"value": "localhost"}]
        address = f"https://{addresses[0]['value']}"
    return Api(address, start_command="./workbook goto 4", authority=str(authority))

"""What the checks of phase 1 look at: the cluster, the Deployment and its pods, the address."""

from typing import Any

import pytest

from checks.phase1.deployment import Deployment
from workbook.check import NotStarted, Unknown
from workbook.choices import Choices
from workbook.kubernetes import APP, Kubernetes, open_cluster
from workbook.learner import Api
from workbook.phase import Phase, root


@pytest.fixture(scope="session")
def active(request: pytest.FixtureRequest) -> bool:
    """Whether to repeat what the lesson did to the learner's system."""
    return bool(request.config.getoption("--active"))


@pytest.fixture(scope="session")
def cluster(choices: Choices) -> Kubernetes:
    """The workbook's own cluster, and no other."""
    return open_cluster(root(), choices.target)


@pytest.fixture
def deployment(cluster: Kubernetes) -> Deployment:
    """The Deployment that the lesson makes."""
    found = cluster.get_one("deployments", APP)
    if found is None:
        raise NotStarted("deploy the API: lesson 1, “Run it on Kubernetes”")
    return Deployment(cluster, found)


@pytest.fixture
def service(cluster: Kubernetes) -> dict[str, Any]:
    """The Service that the lesson makes."""
    found = cluster.get_one("services", APP)
    if found is None:
        raise NotStarted("make the Service: lesson 1, “Run it on Kubernetes”")
    return found


@pytest.fixture
def address(choices: Choices, service: dict[str, Any]) -> str:
    """Where the Service answers from outside the cluster."""
    if choices.target == "local":
        from workbook.local.cluster import Cluster

        record = Cluster(root()).record()
        assert record is not None, "open_cluster has seen it"
        return f"http://127.0.0.1:{record.cluster_port}"
    addresses = service["status"].get("loadBalancer", {}).get("ingress", [])
    if not addresses:
        raise Unknown("Azure has not given the Service an address yet: it takes 2 to 3 minutes")
    return f"http://{addresses[0]['ip']}"


@pytest.fixture
def api(phase: Phase, address: str) -> Api:
    """The API behind the Service."""
    return Api(address, start_command="./workbook goto 1")

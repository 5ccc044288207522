"""What the checks of phase 4 look at, beside what every phase may."""

import pytest

from workbook.checks.api import Api
from workbook.course.phase import root
from workbook.learner.choices import Choices
from workbook.outcome import NotStarted
from workbook.targets.kubernetes import APP, Kubernetes, Object
from workbook.targets.local.cluster import Cluster, Record


@pytest.fixture
def scaler(cluster: Kubernetes) -> Object:
    """The HorizontalPodAutoscaler that the lesson makes."""
    found = cluster.get_one("hpa", APP)
    if found is None:
        raise NotStarted("make the autoscaler: lesson 4, “Deploy it”")
    return found


@pytest.fixture
def record(choices: Choices) -> Record | None:
    """The record of the local cluster; None on Azure."""
    return Cluster(root()).record() if choices.target == "local" else None


@pytest.fixture
def plain_address(api: Api, record: Record | None) -> str:
    """Where the gateway answers without TLS."""
    if record is None:
        return api.address.replace("https://", "http://")
    return f"http://localhost:{record.gateway_http_port}"

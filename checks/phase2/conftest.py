"""What the checks of phase 2 look at: the server, the log's own report, a look from inside."""

from pathlib import Path
from typing import Any

import pytest

from workbook.checks.api import Api
from workbook.checks.inside import ask_pod
from workbook.course.phase import find_phase, root
from workbook.learner.choices import Choices
from workbook.measure.traffic import read_traffic
from workbook.outcome import NotStarted
from workbook.targets.kubernetes import Kubernetes, Object

HERE = Path(__file__).parent
DATABASE = "ml-data"  # the namespace of the local server
RECORDING = "database-stopped"


@pytest.fixture
def server(choices: Choices, cluster: Kubernetes) -> Object | None:
    """The StatefulSet of the local server; None where the server is Azure's."""
    if choices.target != "local":
        return None
    found = cluster.within(DATABASE).get_one("statefulsets", "postgres")
    if found is None:
        raise NotStarted("make the database: lesson 2, “Get a database”")
    return found


@pytest.fixture
def log(api: Api) -> dict[str, Any]:
    """How the prediction log is doing, as the API says."""
    found: dict[str, Any] = api.health().json().get("log") or {"state": "off"}
    if found["state"] == "off":
        raise NotStarted("deploy the API of phase 2: lesson 2, “Make the table first, then deploy”")
    return found


@pytest.fixture(scope="session")
def inside(cluster: Kubernetes, choices: Choices) -> dict[str, Any]:
    """What the database tells a client in the pod of the API, who has the API's own password."""
    authority = (HERE / "another_authority.crt").read_text(encoding="utf-8")
    recording = read_traffic(find_phase(2, root(), choices.target).state, RECORDING)
    request_ids = recording.request_ids if recording else "nothing was recorded"
    return ask_pod(cluster, HERE / "from_the_pod.py", authority, request_ids)

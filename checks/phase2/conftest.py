"""What the checks of phase 2 look at: the server, the log's own report, a look from inside."""

from pathlib import Path
from typing import Any

import pytest

from workbook.checks.api import Api
from workbook.checks.inside import ask_pod
from workbook.course.phase import find_phase, root
from workbook.learner.choices import Choices
from workbook.measure.traffic import read_traffic
from workbook.outcome import NotStarted, Unknown, Wrong
from workbook.targets.kubernetes import Kubernetes, Object

HERE = Path(__file__).parent
DATABASE = "ml-data"  # the namespace of the local server
RECORDING = "database-stopped"
CONNECTION = "Connection is secure: encrypted, and to a server that proved its name"


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
    found = log_of(api)
    if found["state"] == "off":
        raise NotStarted("deploy the API of phase 2: lesson 2, “Make the table first, then deploy”")
    return found


def log_of(api: Api) -> dict[str, Any]:
    """What the API says of its log; its state is "off" where it says nothing.

    Raises:
        Wrong: another program answers.
    """
    health = api.health()
    try:
        log: dict[str, Any] = health.json().get("log") or {"state": "off"}
        return {"rows_waiting": 0, "rows_written": 0, "last_error": None} | log
    except (ValueError, AttributeError, TypeError):
        raise Wrong(
            expected="GET /health to report the state of the log",
            found=f"{health.status_code} {health.text[:120]}",
            why="another program than the API of phase 2 answers at this address",
            run_next="kubectl --namespace ml-demo get pods --output wide",
        ) from None


@pytest.fixture(scope="session")
def client(cluster: Kubernetes, choices: Choices) -> dict[str, Any]:
    """What the database answers a client in the API's pod, with the API's own password.

    Its `problem` says why the client cannot connect, and then there is nothing else.
    """
    authority = (HERE / "another_authority.crt").read_text(encoding="utf-8")
    recording = read_traffic(find_phase(2, root(), choices.target).state, RECORDING)
    request_ids = recording.request_ids if recording else "nothing was recorded"
    return ask_pod(cluster, HERE / "from_the_pod.py", authority, request_ids)


@pytest.fixture
def inside(client: dict[str, Any]) -> dict[str, Any]:
    """What the database answers a client in the API's pod."""
    return _connected(client)


def rows_of(cluster: Kubernetes, beginning: str) -> list[dict[str, Any]]:
    """The rows whose request ids begin so, as a client in the API's pod reads them."""
    answer = ask_pod(cluster, HERE / "from_the_pod.py", "", "", beginning)
    rows: list[dict[str, Any]] = _connected(answer)["rows"]
    return rows


def _connected(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of the script.

    Raises:
        Unknown: the client could not connect, which the check of the connection reports.
    """
    if answer["problem"]:
        raise Unknown(f"cannot check until this passes: {CONNECTION}")
    return answer

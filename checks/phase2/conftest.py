"""What the checks of phase 2 look at: the server, the log's own report, a look from inside."""

import json
from pathlib import Path
from typing import Any

import pytest

from workbook.checks.api import Api
from workbook.checks.deployment import SELECTOR, is_ready
from workbook.course.phase import find_phase, root
from workbook.learner.choices import Choices
from workbook.measure.traffic import read_traffic
from workbook.outcome import NotStarted, Wrong
from workbook.targets.kubernetes import Kubernetes, Object, is_ending, name_of

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
    pods = [pod for pod in cluster.get("pods", SELECTOR) if is_ready(pod) and not is_ending(pod)]
    if not pods:
        raise NotStarted("no pod of the API is ready: ./workbook goto 2")
    words = ["exec", "--stdin", name_of(pods[-1]), "--container=ml-api", "--", "python", "-"]
    authority = (HERE / "another_authority.crt").read_text(encoding="utf-8")
    script = (HERE / "from_the_pod.py").read_text(encoding="utf-8")
    recording = read_traffic(find_phase(2, root(), choices.target).state, RECORDING)
    request_ids = recording.request_ids if recording else "nothing was recorded"
    done = cluster.run(*words, authority, request_ids, stdin=script)
    if done.returncode != 0:
        said = done.stderr.replace("command terminated with exit code 1", "").splitlines()
        raise Wrong(
            expected="a client in the pod of the API to reach the database",
            found=next((line for line in reversed(said) if line), "no reason given"),
            why="the check asks the database from where the API asks it, with its own password",
            run_next="./workbook run 2",
        )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer

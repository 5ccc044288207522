"""What phase 2 survives: a database that is stopped. The lesson did it; this counts the rows.

With --active, it is done again.
"""

import shlex

import pytest

from checks.phase2 import test_history
from checks.phase2.conftest import DATABASE, RECORDING, log_of
from workbook.checks.api import Api
from workbook.checks.check import check
from workbook.checks.deployment import Deployment
from workbook.checks.history import History
from workbook.checks.recordings import refuse_other_system
from workbook.checks.retention import refuse_outdated
from workbook.course.phase import Phase
from workbook.learner.choices import Choices
from workbook.measure.traffic import Traffic, read_traffic, under_traffic
from workbook.outcome import NotStarted, Unknown, Wrong
from workbook.targets.kubernetes import Kubernetes, Object, eventually

WHERE = "lesson 2, “Stop the database”"
SECONDS_TO_CATCH_UP = 20
SECONDS_STOPPED = 20


@check(
    read="phases/phase2/README.md#stop-the-database",
    after=test_history.test_prediction_is_logged,
)
def test_stopped_database_costs_nothing(
    request: pytest.FixtureRequest,
    phase: Phase,
    current: Phase,
    deployment: Deployment,
    retention: Object | None,
    active: bool,
) -> str:
    """A stopped database costs no prediction and no row"""
    if active:
        traffic, rows, different = _repeated(request)
    else:
        recording = read_traffic(phase.state, RECORDING)
        if recording is None:
            raise NotStarted("stop the database in the lesson, where requests are sent meanwhile")
        if retention:
            refuse_outdated(recording, retention, WHERE)
        refuse_other_system(recording, phase, current, deployment, WHERE)
        traffic = recording
        rows, different = request.getfixturevalue("inside")["recorded"]
    answered = len(traffic.samples) - len(traffic.failed)
    if traffic.status != 0 or traffic.failed or not answered:
        raise Wrong(
            expected="every prediction to be answered while the database is away",
            found=f"{traffic.summary()}; the command ended with status {traffic.status}",
            why="the answer waited for the database, or the pod was taken out of the Service "
            "because its readiness depends on it",
            run_next="kubectl --namespace ml-demo describe pods --show-events",
        )
    if rows != answered or different != answered:
        raise Wrong(
            expected=f"{answered} rows for {answered} answers",
            found=f"{rows} rows, of {different} answers",
            why="rows are missing: they were never written, or were deleted since"
            if different < answered
            else "rows were written twice",
            run_next="kubectl --namespace ml-data exec postgres-0 --container postgres -- psql "
            "--username postgres --dbname predictions --command 'SELECT instance, count(*), "
            "max(sequence) FROM predictions GROUP BY instance' --command '\\dt'",
        )
    return f"{traffic.summary()}; {rows} rows"


def _repeated(request: pytest.FixtureRequest) -> tuple[Traffic, int, int]:
    """Do again what the lesson did; its own recording stays."""
    cluster: Kubernetes = request.getfixturevalue("cluster")
    choices: Choices = request.getfixturevalue("choices")
    api: Api = request.getfixturevalue("api")
    if choices.target != "local":
        raise Unknown(
            "on Azure, the lesson stops the database: that takes minutes, and it is yours"
        )
    server = cluster.within(DATABASE)
    steps = (
        server.command("scale", "statefulset/postgres", "--replicas=0"),
        server.command("wait", "--for=delete", "pod/postgres-0", "--timeout=60s"),
        ["sleep", str(SECONDS_STOPPED)],
        server.command("scale", "statefulset/postgres", "--replicas=1"),
        server.command("rollout", "status", "statefulset/postgres", "--timeout=120s"),
    )
    print("\n   --active: the database is stopped, with requests meanwhile …", flush=True)
    commands = " && ".join(map(shlex.join, steps))
    try:
        traffic = under_traffic("active", api.address, ["sh", "-c", commands], cluster.facts)
    finally:  # whatever happened, an interruption too: it is not left stopped
        server.run("scale", "statefulset/postgres", "--replicas=1")
    eventually(lambda: _waiting(api), lambda rows: rows == 0, SECONDS_TO_CATCH_UP)
    ids = _request_ids(History(cluster), traffic.request_ids)
    return traffic, len(ids), len(set(ids))


def _waiting(api: Api) -> int:
    return int(log_of(api)["rows_waiting"])


def _request_ids(history: History, beginning: str) -> list[str]:
    """The request ids in the history that begin so, page by page."""
    found: list[str] = []
    before: dict[str, str] = {}
    while True:
        page = history.page(limit=500, **before)
        found += [row["request_id"] for row in page["predictions"]]
        if not page["next"] or not found[-1].startswith(beginning):
            return [each for each in found if each.startswith(beginning)]
        before = {"before": page["next"]}

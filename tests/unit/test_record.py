"""What checks make of an old recording, and of passwords in objects and logs."""

import base64
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the checks are no part of the package

from checks.phase2.conftest import RECORDING
from checks.phase2.test_disturbance import test_stopped_database_costs_nothing as stopped
from checks.phase2.test_security import test_passwords_are_secret as passwords_are_secret
from checks.phase2.test_understanding import test_log_is_understood as log_is_understood
from checks.phase3.conftest import RECORDING as REBUILD
from checks.phase3.test_lifetimes import test_rebuilt_in_minutes as rebuilt
from workbook.checks.deployment import Deployment
from workbook.checks.recordings import refuse_other_system
from workbook.course.phase import Phase
from workbook.learner.answers import write_answer
from workbook.learner.choices import Choices
from workbook.measure.traffic import Traffic, write_traffic
from workbook.outcome import NotStarted, Wrong
from workbook.targets.kubernetes import Facts, Kubernetes, Object, name_of

DAY = 86400
PASSWORD = "5f4dcc3b5aa765d61d8327de"
MADE_ON = {"cluster": "of the learner", "image": "ml-api@sha256:1", "model": "1"}
NO_ROWS = {"recorded": 0, "oldest": None}


def deployed(image: str = MADE_ON["image"], made: str = "2020-01-01T00:00:00Z") -> Object:
    """The Deployment of the API."""
    pod = {"spec": {"containers": [{"name": "ml-api", "image": image}]}}
    return {"metadata": {"creationTimestamp": made}, "spec": {"template": pod}}


def retention(days: int) -> Object:
    """The CronJob, as far as it says after how many days."""
    env = [{"name": "SENTIMENT_KEEP_DAYS", "value": str(days)}]
    pod = {"spec": {"containers": [{"env": env}]}}
    return {"spec": {"jobTemplate": {"spec": {"template": pod}}}}


def check_recording(home: Path, *, age: float, rows: int, keeps: Object | None) -> str:
    """The check, on a recording of two answers, and rows that the table has of them."""
    phase = Phase(2, home, "local")
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - age))
    samples = [(0.1, 5.0, ""), (0.2, 5.0, "")]
    traffic = Traffic([], started, "", Facts(), Facts(), samples=samples, system=MADE_ON)
    write_traffic(phase.state, RECORDING, traffic)
    request = SimpleNamespace(getfixturevalue=lambda name: {"recorded": (rows, rows)})
    deployment = Deployment(cluster(), deployed())
    return stopped(
        cast(pytest.FixtureRequest, request), phase, phase, deployment, keeps, active=False
    )


def test_rows_of_an_outdated_recording_are_not_called_lost(tmp_path: Path) -> None:
    with pytest.raises(NotStarted, match=r"record it again: lesson 2.* 8 days old.* after 7"):
        check_recording(tmp_path, age=8.5 * DAY, rows=0, keeps=retention(7))


@pytest.mark.parametrize(("age", "keeps"), [(6.9 * DAY, retention(7)), (99 * DAY, None)])
def test_rows_that_nothing_has_deleted_yet_are_counted(
    tmp_path: Path, age: float, keeps: Object | None
) -> None:
    assert "2 rows" in check_recording(tmp_path, age=age, rows=2, keeps=keeps)
    with pytest.raises(Wrong, match="expected 2 rows for 2 answers, found 1 rows"):
        check_recording(tmp_path, age=age, rows=1, keeps=keeps)


def refuse(home: Path, system: dict[str, str], current: int = 1, **deployment: str) -> None:
    """Judge a recording of phase 1 of 2026 that was made on this system."""
    (home / "phases" / "phase2").mkdir(parents=True)
    (home / "phases" / "phase2" / "README.md").touch()
    traffic = Traffic([], "2026-01-02T00:00:00Z", "", {}, {}, system=system)
    there = Deployment(cluster(), deployed(**deployment))
    phase, now = (Phase(number, home, "local") for number in (1, current))
    refuse_other_system(traffic, phase, now, there, "lesson 1")


@pytest.mark.parametrize(
    ("system", "deployment", "reason"),
    [
        ({}, {}, "does not say which system"),
        (MADE_ON, {"made": "2026-01-03T00:00:00Z"}, "the Deployment is newer"),
    ],
)
def test_a_recording_of_another_system_proves_nothing(
    tmp_path: Path, system: dict[str, str], deployment: dict[str, str], reason: str
) -> None:
    with pytest.raises(NotStarted, match=f"record it again: lesson 1.* {reason}"):
        refuse(tmp_path, system, **deployment)


@pytest.mark.parametrize(
    ("system", "image", "found"),
    [
        (MADE_ON | {"cluster": "of a colleague"}, MADE_ON["image"], "made on another cluster"),
        (MADE_ON, "ml-api@sha256:2", "made with ml-api@sha256:1"),
    ],
)
def test_a_recording_of_another_cluster_or_image_is_wrong(
    tmp_path: Path, system: dict[str, str], image: str, found: str
) -> None:
    with pytest.raises(Wrong, match=found):
        refuse(tmp_path, system, image=image)


def test_an_image_that_is_named_by_a_tag_is_left_to_its_own_check(tmp_path: Path) -> None:
    refuse(tmp_path, MADE_ON, image="ml-api:v1")


def test_a_recording_counts_for_its_own_image_once_a_later_phase_has_another(
    tmp_path: Path,
) -> None:
    (Phase(2, tmp_path, "local").state / "run.json").touch()
    refuse(tmp_path, MADE_ON, image="ml-api@sha256:2")


def test_a_recording_counts_for_its_own_image_where_a_later_phase_is_asked(tmp_path: Path) -> None:
    refuse(tmp_path, MADE_ON, current=2, image="ml-api@sha256:2")


@pytest.mark.parametrize("kept", [[], ["checks.json", "receipt.md"]])
def test_a_later_phase_whose_state_was_only_read_has_not_begun(
    tmp_path: Path, kept: list[str]
) -> None:
    for name in kept:
        (Phase(2, tmp_path, "local").state / name).touch()
    assert Phase(2, tmp_path, "local").state.exists()
    with pytest.raises(Wrong, match="made with ml-api@sha256:1"):
        refuse(tmp_path, MADE_ON, image="ml-api@sha256:2")


def test_rows_of_an_outdated_rebuild_are_not_called_lost(tmp_path: Path) -> None:
    phase = Phase(3, tmp_path, "azure")
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 8.5 * DAY))
    samples = [(0.1, 5.0, "")]
    traffic = Traffic([], started, "", Facts(), Facts(), samples=samples, system=MADE_ON)
    write_traffic(phase.state, REBUILD, traffic)
    unused = cast(Any, None)
    with pytest.raises(NotStarted, match=r"record it again: lesson 3.* 8 days old.* after 7"):
        rebuilt(phase, phase, cluster(), unused, unused, {}, retention(7), NO_ROWS)
    with pytest.raises(Wrong, match="expected 1 rows for 1 answers"):
        rebuilt(phase, phase, cluster(), unused, unused, {}, retention(9), NO_ROWS)


def test_answer_about_a_deleted_row_must_be_given_again(tmp_path: Path) -> None:
    phase = Phase(2, tmp_path, "local")
    write_answer(phase, "who-wrote", "ml-api-1")
    with pytest.raises(NotStarted, match="send my-first-row"):
        log_is_understood(phase, {"who_wrote": []})
    with pytest.raises(Wrong, match="who-wrote"):
        log_is_understood(phase, {"who_wrote": ["ml-api-2"]})


def named(name: str, **more: Any) -> Object:
    return {"metadata": {"name": name}, **more}


@dataclass(frozen=True)
class Said(Kubernetes):
    """A cluster that says what a test wants, by namespace and kind; logs by namespace and pod."""

    objects: dict[tuple[str, str], list[Object]] = field(default_factory=dict)
    logs: dict[tuple[str, str], str] = field(default_factory=dict)

    def authority(self) -> str:
        return MADE_ON["cluster"]

    def get(self, kind: str, selector: str = "") -> list[Object]:
        return self.objects.get((self.namespace, kind), [])

    def get_one(self, kind: str, name: str) -> Object | None:
        return next((each for each in self.get(kind) if name_of(each) == name), None)

    def run(self, *words: str, stdin: str = "", seconds: float = 0) -> Any:
        assert words[0] == "logs"
        return SimpleNamespace(stdout=self.logs.get((self.namespace, words[1]), ""))


def cluster() -> Said:
    """An API and a database, as the lesson makes them."""
    secret = {"password": base64.b64encode(f"{PASSWORD}\n".encode()).decode()}
    owner = {"password": base64.b64encode(b"another").decode()}
    secrets = [named("database-ml-api", data=secret), named("database-owner", data=owner)]
    objects = {
        ("ml-demo", "secrets"): secrets,
        ("ml-demo", "pods"): [named("ml-api-1")],
        ("ml-data", "pods"): [named("postgres-0")],
    }
    return Said(Path("kubectl"), Path("kubeconfig"), objects=objects)


def check_passwords(there: Said, target: str = "local") -> str:
    return passwords_are_secret(there, Choices(target=target))


def test_passwords_are_looked_for_where_the_target_has_a_database() -> None:
    there = cluster()
    assert check_passwords(there) == "looked for in 4 objects and logs"
    assert check_passwords(there, "azure") == "looked for in 2 objects and logs"


@pytest.mark.parametrize("namespace", ["ml-demo", "ml-data"])
@pytest.mark.parametrize("kind", ["deployments", "statefulsets", "cronjobs", "configmaps"])
@pytest.mark.parametrize("written", [PASSWORD, base64.b64encode(PASSWORD.encode()).decode()])
def test_a_password_in_an_object_is_found_and_shown(
    namespace: str, kind: str, written: str
) -> None:
    there = cluster()
    there.objects[namespace, kind] = [named("telling", data={"URL": f"postgresql://x:{written}@y"})]
    with pytest.raises(Wrong, match=f"password of database-ml-api .* {kind} telling") as wrong:
        check_passwords(there)
    command = f"kubectl --namespace {namespace} get {kind} telling --output yaml"
    assert wrong.value.rows["run next"] == command


@pytest.mark.parametrize(("namespace", "pod"), [("ml-demo", "ml-api-1"), ("ml-data", "postgres-0")])
def test_a_password_in_a_log_is_found_and_shown(namespace: str, pod: str) -> None:
    there = cluster()
    there.logs[namespace, pod] = f"ALTER ROLE ml_api PASSWORD '{PASSWORD}'"
    with pytest.raises(Wrong, match=f"log of {pod}") as wrong:
        check_passwords(there)
    command = f"kubectl --namespace {namespace} logs {pod} --all-containers"
    assert wrong.value.rows["run next"] == command
    assert PASSWORD not in str(wrong.value.rows)


def test_passwords_are_not_searched_in_ending_pods_and_old_replicasets() -> None:
    there = cluster()
    telling = {"data": PASSWORD}
    ending = {"metadata": {"name": "old", "deletionTimestamp": "2026-01-01T00:00:00Z"}, **telling}
    there.objects["ml-demo", "pods"].append(ending)
    there.objects["ml-demo", "replicasets"] = [named("old", spec={"replicas": 0}, **telling)]
    assert "4 objects and logs" in check_passwords(there)


FROM_SECRET = {"valueFrom": {"secretKeyRef": {"name": "database-ml-api", "key": "password"}}}


@pytest.mark.parametrize("namespace", ["ml-demo", "ml-data"])
@pytest.mark.parametrize(
    "container",
    [
        {"env": [{"name": "PLAIN", "value": "1"}, {"name": "PGPASSWORD", **FROM_SECRET}]},
        {"envFrom": [{"secretRef": {"name": "database-ml-api"}}]},
    ],
)
@pytest.mark.parametrize("kind", ["deployments", "cronjobs", "pods"])
def test_a_password_in_an_environment_is_found(
    namespace: str, container: dict[str, Any], kind: str
) -> None:
    there = cluster()
    pod = {"containers": [{"name": "app", **container}]}
    template = {"spec": {"template": {"spec": pod}}}
    specs = {"pods": pod, "deployments": template["spec"], "cronjobs": {"jobTemplate": template}}
    there.objects[namespace, kind] = [named("telling", spec=specs[kind])]
    copy = there.objects["ml-demo", "secrets"][0]
    there.objects[namespace, "secrets"] = [copy, *there.objects["ml-demo", "secrets"][1:]]
    with pytest.raises(Wrong, match=f"{kind} telling: the environment of app"):
        check_passwords(there)


def test_a_secret_without_a_password_may_be_in_an_environment() -> None:
    there = cluster()
    there.objects["ml-demo", "secrets"].append(named("settings", data={"x": "eA=="}))
    env = [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "settings", "key": "x"}}}]
    pod = {"containers": [{"name": "app", "env": env}]}
    there.objects["ml-demo", "pods"] = [named("ml-api-1", spec=pod)]
    assert "looked for in" in check_passwords(there)


@pytest.mark.parametrize("data", [None, {}, {"other": "eA=="}])
def test_a_secret_that_holds_no_password_is_wrong(data: dict[str, str] | None) -> None:
    there = cluster()
    there.objects["ml-demo", "secrets"][0]["data"] = data
    with pytest.raises(Wrong, match="database-ml-api, under the key password"):
        check_passwords(there)

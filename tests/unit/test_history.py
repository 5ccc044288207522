"""Which wrong records of predictions the checks of phase 2 see, by an API that is not there."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the checks are no part of the package

from checks.phase2 import test_history, test_security
from checks.phase4 import test_gateway
from workbook.checks.api import Api
from workbook.checks.history import History
from workbook.learner.choices import Choices
from workbook.outcome import Wrong
from workbook.targets.kubernetes import Kubernetes

Row = dict[str, Any]
Rows = Callable[[list[Row]], list[Row]]


@dataclass(frozen=True)
class Response:
    content: Any
    status_code: int = 200

    @property
    def text(self) -> str:
        return str(self.content)

    def json(self) -> Any:
        return self.content


def same(rows: list[Row]) -> list[Row]:
    return rows


@dataclass(frozen=True)
class Stub(Api):
    """An API with a record, which answers as its functions say."""

    rows: list[Row] = field(default_factory=list)
    record: Rows = same
    page: Callable[[list[Row], str | None], Row] = lambda rows, following: {
        "predictions": rows,
        "next": following,
    }
    filters: bool = True

    def predict(self, text: str, request_id: str = "") -> Any:
        said = {
            "label": "negative" if "Awful" in text else "positive",
            "confidence": 0.9,
            "known_words": len(text.split()),
            "model_version": "1",
        }
        number = len(self.rows) + 1
        row = {"request_id": request_id, "instance": "pod/1", "sequence": number, "text": text}
        self.rows.append({**row, **said, "predicted_at": f"2026-01-01T00:00:{number:02}Z"})
        return Response(said)

    def get(self, path: str) -> Any:
        if path == "/health":
            log = {"state": "ok", "rows_waiting": 0, "last_error": None}
            return Response({"log": log})
        wanted = {key: value[0] for key, value in parse_qs(urlsplit(path).query).items()}
        rows = self.rows[::-1]
        if "label" in wanted and self.filters:
            rows = [row for row in rows if row["label"] == wanted["label"]]
        start, limit = int(wanted.get("before", 0)), int(wanted["limit"])
        following = str(start + limit) if len(rows) > start + limit else None
        return Response(self.page(rows[start : start + limit], following))


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_history, "SECONDS_TO_APPEAR", 0)


@dataclass
class Inside:
    """Asks the stub, as a script in its pod would."""

    monkeypatch: pytest.MonkeyPatch
    status: int = 200

    def history(self, **stub: Any) -> str:
        api = Stub("http://api", "", **stub)

        def ask_pod(cluster: Kubernetes, script: Path, path: str) -> dict[str, Any]:
            return {"status": self.status, "body": json.dumps(api.get(path).content)}

        self.monkeypatch.setattr("workbook.checks.history.ask_pod", ask_pod)
        in_pod = History(Kubernetes(Path("kubectl"), Path("kubeconfig")))
        return test_history.test_history_is_answered(api, in_pod, {"state": "ok"})


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> Inside:
    return Inside(monkeypatch)


def test_history_of_three_predictions_has_two_pages_and_a_filter(inside: Inside) -> None:
    assert inside.history() == "two pages and a filter"


def test_history_that_cannot_be_read_is_seen(inside: Inside) -> None:
    inside.status = 503
    with pytest.raises(Wrong, match="200 for GET /predictions"):
        inside.history()


@pytest.mark.parametrize(
    ("status", "is_public"), [(404, False), (200, True), (401, True), (503, True)]
)
def test_history_that_a_route_leads_to_is_public(
    monkeypatch: pytest.MonkeyPatch, status: int, is_public: bool
) -> None:
    page = {"status": 200, "body": '{"predictions": [], "next": null}'}
    monkeypatch.setattr("workbook.checks.history.ask_pod", lambda *_: page)
    in_pod = History(Kubernetes(Path("kubectl"), Path("kubeconfig")))
    api = cast(Api, SimpleNamespace(address="https://a", get=lambda path: Response("", status)))
    if is_public:
        with pytest.raises(Wrong, match="no route leads there"):
            test_gateway.test_history_is_not_public(api, in_pod)
    else:
        assert test_gateway.test_history_is_not_public(api, in_pod).startswith("404 outside")


@pytest.mark.parametrize(
    ("stub", "found"),
    [
        ({"page": lambda rows, following: {"predictions": [], "next": None}}, "0 predictions"),
        ({"page": lambda rows, following: {"predictions": rows, "next": None}}, "next: None"),
        ({"page": lambda rows, following: {"predictions": rows[:1], "next": following}}, "1 pred"),
        ({"page": lambda rows, following: {"label": "negative"}}, "negative"),
        ({"filters": False}, "positive"),
    ],
)
def test_wrong_history_is_seen(inside: Inside, stub: dict[str, Any], found: str) -> None:
    with pytest.raises(Wrong) as wrong:
        inside.history(**stub)
    assert found in wrong.value.rows["found"]


def logged(monkeypatch: pytest.MonkeyPatch, record: Rows, between: tuple[str, ...] = ()) -> str:
    api = Stub("http://api", "")
    monkeypatch.setattr(test_history, "rows_of", lambda cluster, beginning: record(api.rows))
    inside = {"between": list(between)}
    return test_history.test_prediction_is_logged(api, cast(Kubernetes, None), inside)


def test_every_prediction_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    assert logged(monkeypatch, same) == "12 rows for 12 predictions, answered by 1 pods"


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (lambda rows: rows[::2], "6 are missing"),
        (lambda rows: [row for row in rows if len(row["text"]) % 3], "4 are missing"),
        (lambda rows: rows + rows, "24 rows"),
        (lambda rows: [*rows, rows[0]], "13 rows"),
        (lambda rows: [row | {"label": "positive", "confidence": 0.5} for row in rows], "0.5"),
        (lambda rows: [row | {"text": "another"} for row in rows], "another"),
        (lambda rows: [], "12 are missing"),
    ],
)
def test_wrong_record_is_seen(monkeypatch: pytest.MonkeyPatch, record: Rows, found: str) -> None:
    with pytest.raises(Wrong) as wrong:
        logged(monkeypatch, record)
    assert found in wrong.value.rows["found"]


def test_what_changes_rows_on_their_way_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Wrong, match="the trigger twice"):
        logged(monkeypatch, same, between=("the trigger twice",))


RIGHTS = ["INSERT on predictions", "SELECT on predictions"]
ROLES = {
    "local": ["postgres", "predictions_owner", "ml_api"],
    "azure": ["administrator_of_all", "azure_pg_admin", "azuresu", "predictions_owner", "ml_api"],
}


def rights(target: str = "local", **found: list[str]) -> str:
    inside = {"powers": [], "rights": RIGHTS, "roles": ROLES[target], **found}
    return test_security.test_rights_are_least(inside, Choices(target=target))


@pytest.mark.parametrize("target", ["local", "azure"])
def test_two_rights_and_the_roles_of_the_lesson_are_least(target: str) -> None:
    assert rights(target) == ", ".join(RIGHTS)


@pytest.mark.parametrize("target", ["local", "azure"])
@pytest.mark.parametrize(
    ("found", "named"),
    [
        ({"rights": [*RIGHTS, "UPDATE on predictions (some columns)"]}, "some columns"),
        ({"rights": [*RIGHTS, "SELECT on private_things"]}, "private_things"),
        ({"rights": [*RIGHTS, "USAGE on predictions_id_seq"]}, "predictions_id_seq"),
        ({"powers": ["superuser"]}, "superuser"),
        ({"roles": [*ROLES["local"][1:], "reporting"]}, "reporting"),
    ],
)
def test_more_rights_or_roles_are_seen(
    target: str, found: dict[str, list[str]], named: str
) -> None:
    with pytest.raises(Wrong, match=named):
        rights(target, **found)


def test_server_that_takes_no_new_connection_is_seen() -> None:
    said = "server does not support SSL, but SSL was required"
    with pytest.raises(Wrong, match=said):
        test_security.test_connection_is_secure({"problem": said})

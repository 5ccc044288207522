"""Notebooks across phases: they run without a cluster, and their checks come to every outcome."""

import json
import ssl
import stat
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import nbformat
import pytest
from copies import ROOT, assert_passed, cli_of
from recorded_az import SUBSCRIPTION

from workbook.course.phase import Phase, find_lesson, notebooks
from workbook.errors import WorkbookError

NEED_A_CLUSTER = {"yaml-and-kubectl"}  # tests/live/test_notebooks.py runs them
NOTEBOOKS = [each for each in notebooks(ROOT, "local") if each.name not in NEED_A_CLUSTER]
APP = "container-apps-fast-track"
# Shaped as the examples ContainerApps_Get and Revisions_List of the API 2025-01-01 of Microsoft.App
# (Azure/azure-rest-api-specs), which `az containerapp` hands on; cut to what the lesson sets.
SHOWN: dict[str, Any] = {
    "name": "ml-api",
    "type": "Microsoft.App/containerApps",
    "location": "West Europe",
    "properties": {
        "provisioningState": "Succeeded",
        "latestRevisionName": "ml-api--0000002",
        "latestReadyRevisionName": "ml-api--0000002",
        "configuration": {
            "activeRevisionsMode": "Single",
            "ingress": {"fqdn": "", "external": True, "targetPort": 8000, "transport": "auto"},
        },
        "template": {
            "containers": [{"name": "ml-api", "resources": {"cpu": 0.5, "memory": "1Gi"}}],
            "scale": {"minReplicas": None, "maxReplicas": 3, "rules": None},
        },
    },
}
REVISIONS: list[dict[str, Any]] = [
    {
        "name": "ml-api--0000002",
        "type": "Microsoft.App/containerApps/revisions",
        "properties": {"active": True, "trafficWeight": 100, "replicas": 1},
    }
]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.name)
def test_a_notebook_runs_without_a_cluster(fresh: Path, notebook: Any) -> None:
    done = cli_of(fresh)("run", notebook.name)
    assert_passed(done)
    kept = nbformat.read(
        fresh / f".workbook/local/{notebook.name}/{notebook.name}.ipynb", as_version=4
    )
    outputs = [output for cell in kept.cells for output in cell.get("outputs", [])]
    assert [o for o in outputs if "image/svg+xml" in o.get("data", {})]
    said = "".join(o.text for o in outputs if o.output_type == "stream")
    azure = sum(cell.source.startswith("%%bash # on Azure\n# target: azure") for cell in kept.cells)
    assert said.count("This cell is for the target azure") == azure > 0


def test_a_lesson_is_found_by_number_or_name() -> None:
    phase = find_lesson("1", ROOT, "local")
    assert phase == Phase(1, ROOT, "local")
    costs = find_lesson("costs", ROOT, "azure")
    assert costs.state == ROOT / ".workbook/azure/costs"
    with pytest.raises(WorkbookError, match=r"'cost' is neither .* there is 0, 1, .*, costs"):
        find_lesson("cost", ROOT, "local")


@pytest.mark.parametrize("verb", ["run", "check", "lab"])
def test_unknown_lesson_name_is_reported(fresh: Path, verb: str) -> None:
    done = cli_of(fresh)(verb, "phase1")
    assert done.returncode == 2
    assert done.stderr.startswith("'phase1' is neither a phase nor a notebook")


def test_a_notebook_without_checks_says_so(fresh: Path) -> None:
    done = cli_of(fresh)("check", "costs")
    assert done.returncode == 2
    assert "The notebook costs has no checks" in done.stderr


def test_on_the_target_local_the_app_cannot_be_known(fresh: Path) -> None:
    done = cli_of(fresh)("check", APP)
    assert done.returncode == 11
    assert f"{APP} · local" in done.stdout
    assert "Container Apps is Azure's; your target is local" in done.stdout
    assert "3 cannot be known here, of 3 lines" in done.stdout


class App(ThreadingHTTPServer):
    """An API over TLS on this machine, and an az that tells of it."""

    answers: dict[str, str]  # label by sentence
    status = 200

    def __init__(self, home: Path, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.answers = dict(import_module(f"checks.{APP}.test_app").SENTENCES)
        self.home, self.folder = home, folder
        self.shown = json.loads(json.dumps(SHOWN))
        self.shown["properties"]["configuration"]["ingress"]["fqdn"] = (
            f"localhost:{self.server_port}"
        )
        self.revisions = json.loads(json.dumps(REVISIONS))
        command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
        command += " -addext subjectAltName=DNS:localhost -keyout key -out certificate"
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "certificate", folder / "key")
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def check(self, refusal: str = "") -> "subprocess.CompletedProcess[str]":
        """Run the checks, with what az says now."""
        (self.folder / "show").write_text(json.dumps(self.shown))
        (self.folder / "revision").write_text(json.dumps(self.revisions))
        az = self.folder / "az"
        az.write_text(
            f"#!/bin/sh\necho '{refusal}' >&2\nexit 3\n"
            if refusal
            else f'#!/bin/sh\n[ "$1" = containerapp ] && cat "{self.folder}/$2"\n'
        )
        az.chmod(az.stat().st_mode | stat.S_IXUSR)
        return cli_of(self.home)(
            "check",
            APP,
            PATH=f"{self.folder}:/usr/bin:/bin",
            SSL_CERT_FILE=str(self.folder / "certificate"),
        )


class Answer(BaseHTTPRequestHandler):
    server: App

    def do_GET(self) -> None:
        self._say(b'{"status":"healthy"}')

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._say(f'{{"label":"{self.server.answers[body["text"]]}"}}'.encode())

    def _say(self, body: bytes) -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def app(fresh: Path, tmp_path: Path) -> Iterator[App]:
    folder = tmp_path / "azure"
    folder.mkdir()
    assert (
        cli_of(fresh)("use", "azure", "--subscription", SUBSCRIPTION, "--prefix", "mine").returncode
        == 0
    )
    with App(fresh, folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_an_app_as_the_notebook_makes_it_passes(app: App) -> None:
    done = app.check()
    assert_passed(done)
    assert "3 passed, of 3 lines" in done.stdout
    assert "10 sentences judged rightly" in done.stdout
    assert "ml-api--0000002, 0 to 3 replicas" in done.stdout
    assert (app.home / f".workbook/azure/{APP}/checks.json").exists()


def test_another_model_is_found(app: App) -> None:
    app.answers["Too slow, too loud, too expensive."] = "positive"
    done = app.check()
    assert done.returncode == 1
    assert "✘ You can make predictions at that address" in done.stdout
    assert "negative for 'Too slow, too loud, too expensive.'" in done.stdout


@pytest.mark.parametrize("broken", ["kept awake", "two revisions", "newest is down"])
def test_what_costs_or_confuses_is_found(app: App, broken: str) -> None:
    if broken == "kept awake":
        app.shown["properties"]["template"]["scale"]["minReplicas"] = 1
        expected = "--min-replicas 0"
    elif broken == "two revisions":
        app.revisions.append({**app.revisions[0], "name": "ml-api--0000001"})
        expected = "set-mode"
    else:
        app.revisions[0]["name"] = "ml-api--0000001"
        expected = "the newest revision has not started"
    done = app.check()
    assert done.returncode == 1, done.stdout
    assert "✘ App runs one revision, which may scale to zero" in done.stdout
    assert expected in " ".join(done.stdout.split())
    assert "2 passed, 1 wrong, of 3 lines" in done.stdout


def test_an_app_without_an_address_is_not_started(app: App) -> None:
    app.shown["properties"]["configuration"]["ingress"] = None
    done = app.check()
    assert done.returncode == 10
    assert "not started: give the app an address" in done.stdout


@pytest.mark.parametrize(
    ("refusal", "status", "shown"),
    [
        ("(ResourceNotFound) The resource was not found.", 10, "not started: deploy the app"),
        ("Please run az login to setup account.", 11, "here: The workbook's az has no valid login"),
    ],
)
def test_errors_of_az_are_distinguished(app: App, refusal: str, status: int, shown: str) -> None:
    done = app.check(refusal)
    assert done.returncode == status, done.stdout
    assert shown in done.stdout

"""Ports of this machine: what is proposed instead of a taken one is free, and differs."""

import re
import socket
import sys
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from copies import ROOT, free_port
from rich.console import Console
from typer.testing import CliRunner

from workbook.cli import app
from workbook.course.phase import Phase
from workbook.errors import WorkbookError
from workbook.learner.background import shown
from workbook.learner.choices import PORTS, Choices
from workbook.learner.ports import CLUSTER_PORTS, another_port, taken_by
from workbook.progress import Steps
from workbook.targets import doctor
from workbook.targets.doctor import _cluster_ports, _port
from workbook.targets.local import up
from workbook.targets.local.cluster import Cluster


def chosen_by(command: str, choices: Choices) -> Choices:
    """The choices after a command that was proposed."""
    options = dict(re.findall(r"--([a-z-]+) (\d+)", command))
    return replace(choices, **{name.replace("-", "_"): int(p) for name, p in options.items()})


def without_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cluster, "record", lambda self: None)


def test_doctor_proposes_free_ports_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the port after each taken one chosen already, and two ports taken at once."""
    without_cluster(monkeypatch)
    first = free_port()
    ports = {each.name: first + 2 * index for index, each in enumerate(PORTS)}
    choices = Choices(**{**ports, "gateway_http_port": ports["cluster_port"] + 1})
    with ExitStack() as stack:
        for name in ("cluster_port", "registry_port"):
            address = ("127.0.0.1", getattr(choices, name))
            stack.enter_context(socket.create_server(address))
        seen = _cluster_ports(Phase(1, ROOT, "local"), choices)
        assert seen.found.count("taken by") == 2
        after = chosen_by(seen.fix, choices)  # refuses a port that is chosen twice
        assert after.registry_port != choices.registry_port
        assert not any(taken_by(after.chosen(each)) for each in CLUSTER_PORTS)
        assert not _cluster_ports(Phase(1, ROOT, "local"), after).fix


def test_a_port_that_is_chosen_twice_is_replaced_by_a_free_one() -> None:
    both = {"port": 8102, "cluster_port": 8102}
    with ExitStack() as stack:
        default = Choices().cluster_port
        if not taken_by(default):
            stack.enter_context(socket.create_server(("127.0.0.1", default)))
        with pytest.raises(WorkbookError, match="8102 is chosen twice") as refused:
            Choices(**both)
        [(option, other)] = re.findall(r"--([a-z-]+) (\d+)", refused.value.run_next)
        assert option == "cluster-port"
        assert not taken_by(int(other))
        Choices(**{**both, "cluster_port": int(other)})


def test_every_port_has_an_option_and_every_published_one_a_service() -> None:
    helped = CliRunner().invoke(app, ["use", "--help"], env={"COLUMNS": "200"}).stdout
    assert all(f"{each.option} " in helped for each in PORTS)
    files = [*ROOT.glob("k8s/**/*.yaml"), *ROOT.glob("phases/*/k8s/**/*.yaml")]
    published = {
        int(number)
        for file in files
        for number in re.findall(r"nodePort: (\d+)", file.read_text(encoding="utf-8"))
    }
    assert published == {each.node for each in PORTS if each.node}


def test_cluster_is_recorded_with_the_chosen_ports(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine: Any = SimpleNamespace(own=False)
    monkeypatch.setattr(up.kit, "can_pull", lambda engine: True)
    choices = Choices(**{each.name: each.default + 1000 for each in CLUSTER_PORTS})
    record = up._plan(engine, choices, Steps(Console(quiet=True)), offline=False)
    for each in CLUSTER_PORTS:
        assert getattr(record, each.name) == each.default + 1000


@pytest.mark.parametrize("port", [0, 80, 65536, -1])
def test_a_port_out_of_range_is_replaced_by_one_in_it(port: int) -> None:
    with pytest.raises(WorkbookError, match=f"{port} is not from 1024 to 65535") as refused:
        Choices(database_port=port)
    other = int(refused.value.run_next.split()[-1])
    assert other not in {*asdict(Choices(database_port=other)).values()} - {other}


def test_the_highest_port_has_one_below_it() -> None:
    assert 1024 <= another_port(65535, ()) < 65535


def test_the_port_of_the_api_is_looked_at_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        seen = _port(Phase(0, ROOT, "local"), Choices(port=port))
    assert seen.what == f"port {port}"
    assert "end it, or ./workbook use local --port" in seen.fix


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            [sys.executable, "/a/b/uvicorn", "sentiment.api:app", "--port", "8000"],
            "uvicorn sentiment.api:app --port 8000",
        ),
        (["python", "-c", "x = 1\n" * 40], "python -c"),
        (["uvicorn", *["--reload-dir", "a-folder"] * 9], "uvicorn --reload-dir"),
    ],
)
def test_a_command_is_shown_with_its_options_whole(command: list[str], words: str) -> None:
    assert words in shown(command)
    assert len(shown(command)) <= 80


@pytest.mark.parametrize(
    ("instances", "watches", "enough"), [(128, 65536, True), (64, 65536, False), (128, 8192, False)]
)
def test_doctor_looks_at_file_watches(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    instances: int,
    watches: int,
    enough: bool,
) -> None:
    monkeypatch.setattr(doctor, "INOTIFY", tmp_path)
    monkeypatch.setattr("sys.platform", "linux")
    (tmp_path / "max_user_instances").write_text(f"{instances}\n")
    (tmp_path / "max_user_watches").write_text(f"{watches}\n")
    seen = doctor._inotify(Phase(1, ROOT, "local"), Choices())
    assert (seen.fix == "") is enough
    assert enough or "sudo sysctl fs.inotify.max_user_instances=512" in seen.fix

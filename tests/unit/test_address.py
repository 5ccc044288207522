"""Where the API of a phase answers, also in a terminal that knows nothing of the lesson's cells."""

import os
from pathlib import Path

import pytest
from copies import copy_manifests
from fake_cluster import RECORD

from workbook.cli.measure import AUTHORITY, find_address
from workbook.course.phase import Phase
from workbook.errors import WorkbookError
from workbook.learner.choices import Choices
from workbook.targets.address import Address, address_of
from workbook.targets.environment import lesson_environment
from workbook.targets.local.cluster import Cluster

HERE, PLAIN, GATEWAY = "http://127.0.0.1:8002", "http://127.0.0.1:8080", "https://localhost:8443"
CHOICES = Choices(port=8002)


@pytest.fixture(autouse=True)
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new terminal, and a local cluster; afterwards, the environment is as before."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    for name in ("ADDRESS", AUTHORITY):
        os.environ.pop(name, None)
    Cluster(tmp_path).write(RECORD)
    copy_manifests(tmp_path)


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    file = tmp_path / ".workbook/local/authority/ca.crt"
    file.parent.mkdir(parents=True)
    file.touch()
    return file


def test_each_phase_has_its_address(tmp_path: Path) -> None:
    file = tmp_path / ".workbook/local/authority/ca.crt"
    behind_gateway = Address(GATEWAY, file)
    expected = [Address(HERE), *[Address(PLAIN)] * 3, behind_gateway]
    assert [address_of(Phase(n, tmp_path, "local"), CHOICES) for n in range(5)] == expected


def test_a_cluster_that_is_not_there_or_on_azure_has_no_address_of_ours(tmp_path: Path) -> None:
    assert address_of(Phase(1, tmp_path, "azure"), Choices(target="azure")) is None
    Cluster(tmp_path).forget()
    assert address_of(Phase(1, tmp_path, "local"), CHOICES) is None
    with pytest.raises(WorkbookError, match="no cluster yet"):
        find_address(Phase(4, tmp_path, "local"), CHOICES)


@pytest.mark.parametrize("given", [None, PLAIN, GATEWAY])
def test_from_phase_4_on_it_is_the_gateway(
    tmp_path: Path, authority: Path, given: str | None
) -> None:
    if given:
        os.environ["ADDRESS"] = given
    assert find_address(Phase(4, tmp_path, "local"), CHOICES) == GATEWAY
    assert os.environ["ADDRESS"] == GATEWAY
    assert os.environ[AUTHORITY] == str(authority)


def test_before_it_is_the_service_as_env_says(tmp_path: Path) -> None:
    assert find_address(Phase(3, tmp_path, "local"), CHOICES) == PLAIN
    assert lesson_environment(tmp_path, CHOICES)["ADDRESS"] == PLAIN
    assert AUTHORITY not in os.environ


def test_an_address_of_the_learners_own_stays(tmp_path: Path) -> None:
    os.environ["ADDRESS"] = "http://127.0.0.1:1"
    assert find_address(Phase(4, tmp_path, "local"), CHOICES) == "http://127.0.0.1:1"


def test_an_authority_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match=r"cannot be verified: .*authority/ca\.crt is missing"):
        find_address(Phase(4, tmp_path, "local"), CHOICES)

"""Where `traffic` and `load` ask, in a terminal that knows nothing of the lesson's cells."""

import os
from pathlib import Path

import pytest

from workbook.choices import Choices
from workbook.cli import measure
from workbook.errors import WorkbookError
from workbook.phase import Phase

PLAIN, GATEWAY = "http://127.0.0.1:8080", "https://localhost:8443"


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new terminal, and a local cluster; afterwards, the environment is as before."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    for name in ("ADDRESS", measure.AUTHORITY):
        os.environ.pop(name, None)
    known = {"ADDRESS": PLAIN, "GATEWAY_PORT": "8443"}
    monkeypatch.setattr(measure, "lesson_environment", lambda home, choices: known)


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    file = tmp_path / ".workbook/local/authority/ca.crt"
    file.parent.mkdir(parents=True)
    file.touch()
    return file


@pytest.mark.parametrize("given", [None, PLAIN, GATEWAY])
def test_from_phase_4_on_it_is_the_gateway(
    tmp_path: Path, authority: Path, given: str | None
) -> None:
    if given:
        os.environ["ADDRESS"] = given
    assert measure.find_address(Phase(4, tmp_path, "local"), Choices()) == GATEWAY
    assert os.environ["ADDRESS"] == GATEWAY
    assert os.environ[measure.AUTHORITY] == str(authority)


def test_before_it_is_the_service(tmp_path: Path) -> None:
    assert measure.find_address(Phase(3, tmp_path, "local"), Choices()) == PLAIN
    assert measure.AUTHORITY not in os.environ


def test_an_address_of_the_learners_own_stays(tmp_path: Path) -> None:
    os.environ["ADDRESS"] = "http://127.0.0.1:1"
    assert measure.find_address(Phase(4, tmp_path, "local"), Choices()) == "http://127.0.0.1:1"


def test_an_authority_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match=r"authority/ca\.crt, which is to vouch for https"):
        measure.find_address(Phase(4, tmp_path, "local"), Choices())

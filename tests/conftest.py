"""Copies of the workbook, fresh and with phase 0 complete."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from copies import cli_of, copy_workbook, free_port


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A copy of the workbook in which nothing has been run."""
    return copy_workbook(tmp_path / "workbook")


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy in which `./workbook start` has passed."""
    home = copy_workbook(tmp_path_factory.mktemp("ran") / "workbook")
    cli = cli_of(home)
    assert cli("use", "local", "--port", str(free_port())).returncode == 0
    started = cli("start")
    assert started.returncode == 0, started.stdout + started.stderr
    yield home
    cli("down")

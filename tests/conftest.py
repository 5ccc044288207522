"""What the tests share: a fresh copy of the workbook, and an az that answers what is recorded."""

from pathlib import Path

import pytest
from copies import copy_workbook
from recorded_az import RecordedAz


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A copy of the workbook in which nothing has been run."""
    return copy_workbook(tmp_path / "workbook")


@pytest.fixture
def az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordedAz:
    """An az that answers what is recorded, in front of any other."""
    recorded = RecordedAz(tmp_path / "recorded")
    monkeypatch.setenv("PATH", recorded.path)
    return recorded

"""What is special to phase 2: the database, its passwords, and what its outage costs."""

from pathlib import Path

import pytest
from checked import results
from copies import cli_of

from workbook.course.phase import Phase
from workbook.measure.traffic import read_traffic

pytestmark = pytest.mark.step("after", phase=2)


def test_no_password_is_left_where_others_can_read_it(home: Path) -> None:
    state = home / ".workbook/local/phase2"
    passwords = [path.read_text().strip() for path in (state / "passwords").iterdir()]
    assert len(passwords) == 2
    files = (path for path in home.rglob("*") if "engine" not in path.parts)
    for path in files:
        if not path.is_file() or path.stat().st_mode & 0o077 == 0:
            continue
        assert not any(password.encode() in path.read_bytes() for password in passwords), path


def test_active_stops_the_database_again_without_losing_a_row(home: Path) -> None:
    recording = home / ".workbook/local/phase2/traffic-database-stopped.json"
    before = recording.read_bytes()
    done = cli_of(home)("check", "2", "--active")
    assert done.returncode == 0, done.stdout
    note = results(home, 2)["test_stopped_database_costs_nothing"]["note"]
    assert "0 failed" in note
    assert recording.read_bytes() == before
    traffic = read_traffic(Phase(2, home, "local").state, "database-stopped")
    assert traffic is not None
    assert traffic.before == traffic.after  # the pod of the API stayed, and stayed in the Service
    assert traffic.seconds > 20

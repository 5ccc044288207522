"""Phase 2 for real: the lesson runs on a cluster, every check is proved red and green."""

import json
from pathlib import Path

import pytest
from copies import cli_of
from proofs import drill_names, outcomes, prove_drill, results

from workbook.course.phase import Phase
from workbook.measure.traffic import read_traffic

pytestmark = pytest.mark.live


def test_in_the_state_of_phase_1_every_check_says_not_started(with_phase1: Path) -> None:
    done = cli_of(with_phase1)("check", "2")
    assert done.returncode == 10, done.stdout + done.stderr
    assert set(outcomes(with_phase1, 2).values()) == {"not started"}
    assert "Traceback" not in done.stdout + done.stderr


def test_goto_passes_every_check_and_phase_1_still_holds(with_phase2: Path) -> None:
    cli = cli_of(with_phase2)
    assert cli("check", "2").returncode == 0
    assert set(outcomes(with_phase2, 2).values()) == {"passed"}
    assert cli("check", "1").returncode == 0
    assert cli("receipt", "2").returncode == 0
    receipt = json.loads((with_phase2 / ".workbook/local/phase2/receipt.json").read_text())
    assert receipt["passed"] == receipt["of"] == len(outcomes(with_phase2, 2))


def test_no_password_is_left_where_others_can_read_it(with_phase2: Path) -> None:
    state = with_phase2 / ".workbook/local/phase2"
    passwords = [path.read_text().strip() for path in (state / "passwords").iterdir()]
    assert len(passwords) == 2
    files = (path for path in with_phase2.rglob("*") if "engine" not in path.parts)
    for path in files:
        if not path.is_file() or path.stat().st_mode & 0o077 == 0:
            continue
        assert not any(password.encode() in path.read_bytes() for password in passwords), path


def test_active_stops_the_database_anew_and_nothing_is_lost(with_phase2: Path) -> None:
    recording = with_phase2 / ".workbook/local/phase2/traffic-database-stopped.json"
    before = recording.read_bytes()
    done = cli_of(with_phase2)("check", "2", "--active")
    assert done.returncode == 0, done.stdout
    note = results(with_phase2, 2)["test_stopped_database_costs_nothing"]["note"]
    assert "0 failed" in note
    assert recording.read_bytes() == before
    traffic = read_traffic(Phase(2, with_phase2, "local").state, "database-stopped")
    assert traffic is not None
    assert traffic.before == traffic.after  # the pod of the API stayed, and stayed in the Service
    assert traffic.seconds > 20


@pytest.mark.parametrize("name", drill_names(2))
def test_a_drill_turns_its_check_red_and_back(with_phase2: Path, name: str) -> None:
    prove_drill(with_phase2, 2, name)

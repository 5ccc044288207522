"""Phase 3 for real: the lesson runs on a cluster, every check is proved red and green."""

import base64
import gzip
from pathlib import Path

import pytest
from copies import cli_of
from proofs import drill_names, outcomes, prove_drill, results

from workbook.targets.opening import open_cluster
from workbook.targets.terraform import LEASE, NAMESPACE, STATE

pytestmark = pytest.mark.live


def test_in_the_state_of_phase_2_every_check_says_not_started(with_phase2: Path) -> None:
    done = cli_of(with_phase2)("check", "3")
    assert done.returncode == 10, done.stdout + done.stderr
    assert set(outcomes(with_phase2, 3).values()) == {"not started"}
    assert "Traceback" not in done.stdout + done.stderr


def test_goto_passes_every_check_and_phase_2_still_holds(with_phase3: Path) -> None:
    cli = cli_of(with_phase3)
    assert cli("check", "3").returncode == 0
    assert set(outcomes(with_phase3, 3).values()) == {"passed"}
    assert cli("check", "2").returncode == 0


def test_the_second_of_two_at_once_is_told_who_is_at_work(with_phase3: Path) -> None:
    state = with_phase3 / ".workbook/local/phase3"
    assert "Error acquiring the state lock" in (state / "refused.txt").read_text()
    assert "0 added, 0 changed, 0 destroyed" in (state / "waited.txt").read_text()
    lease = open_cluster(with_phase3, "local").within(NAMESPACE).get_one("leases", LEASE)
    assert lease is not None
    assert not lease["spec"].get("holderIdentity")


def test_no_password_is_in_the_state_as_it_is_stored(with_phase3: Path) -> None:
    passwords = with_phase3 / ".workbook/local/phase2/passwords"
    secret = open_cluster(with_phase3, "local").within(NAMESPACE).get_one("secrets", STATE)
    assert secret is not None
    stored = gzip.decompress(base64.b64decode(secret["data"]["tfstate"])).decode()
    assert "only-the-api" in stored
    for path in passwords.iterdir():
        assert path.read_text().strip() not in stored
        assert base64.b64encode(path.read_bytes().strip()).decode() not in stored


def test_the_rebuild_cost_no_prediction(with_phase3: Path) -> None:
    note = results(with_phase3, 3)["test_rebuilt_in_minutes"]["note"]
    assert "0 failed" in note


def test_the_check_leaves_no_pod_behind(with_phase3: Path) -> None:
    assert cli_of(with_phase3)("check", "3").returncode == 0
    cluster = open_cluster(with_phase3, "local")
    cluster.run("wait", "--for=delete", "pod/check-private-path", "--timeout=30s", seconds=30)
    assert cluster.get_one("pods", "check-private-path") is None
    assert cluster.within("default").get_one("pods", "stranger") is None


@pytest.mark.parametrize("name", drill_names(3))
def test_a_drill_turns_its_check_red_and_back(with_phase3: Path, name: str) -> None:
    prove_drill(with_phase3, 3, name)

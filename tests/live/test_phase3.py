"""What is special to phase 3: the state of Terraform, its lock, and the rebuild."""

import base64
import gzip
from pathlib import Path

import pytest
from checked import results
from copies import cli_of

from workbook.targets.opening import open_cluster
from workbook.targets.terraform import LEASE, NAMESPACE, STATE

pytestmark = pytest.mark.step("after", phase=3)


def test_second_command_reports_that_another_is_running(home: Path) -> None:
    state = home / ".workbook/local/phase3"
    assert "Error acquiring the state lock" in (state / "refused.txt").read_text()
    assert "0 added, 0 changed, 0 destroyed" in (state / "waited.txt").read_text()
    lease = open_cluster(home, "local").within(NAMESPACE).get_one("leases", LEASE)
    assert lease is not None
    assert not lease["spec"].get("holderIdentity")


def test_no_password_is_in_the_state_as_it_is_stored(home: Path) -> None:
    passwords = home / ".workbook/local/phase2/passwords"
    secret = open_cluster(home, "local").within(NAMESPACE).get_one("secrets", STATE)
    assert secret is not None
    stored = gzip.decompress(base64.b64decode(secret["data"]["tfstate"])).decode()
    assert "only-the-api" in stored
    for path in passwords.iterdir():
        assert path.read_text().strip() not in stored
        assert base64.b64encode(path.read_bytes().strip()).decode() not in stored


def test_the_rebuild_cost_no_prediction(home: Path) -> None:
    note = results(home, 3)["test_rebuilt_in_minutes"]["note"]
    assert "0 failed" in note


def test_the_check_leaves_no_pod_behind(home: Path) -> None:
    assert cli_of(home)("check", "3").returncode == 0
    cluster = open_cluster(home, "local")
    cluster.run("wait", "--for=delete", "pod/check-private-path", "--timeout=30s", seconds=30)
    assert cluster.get_one("pods", "check-private-path") is None
    assert cluster.within("default").get_one("pods", "stranger") is None

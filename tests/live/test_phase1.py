"""Phase 1 for real: the lesson runs on a cluster, every check is proved red and green."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from copies import clean_environment, cli_of
from proofs import drill_names, outcomes, prove_drill, results

from workbook.course.phase import Phase
from workbook.measure.traffic import read_traffic
from workbook.targets.local import registry
from workbook.targets.local.cluster import NODE, Cluster
from workbook.targets.local.engine import find_engine

pytestmark = pytest.mark.live


def test_without_a_cluster_every_check_says_not_started(ran: Path, fresh: Path) -> None:
    for name in ("phases/phase0/model", ".workbook/local/phase0"):  # the state of phase 0
        subprocess.run(["cp", "-R", ran / name, fresh / name], check=False)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "checks/phase1"],
        cwd=fresh,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 10, done.stdout + done.stderr
    assert set(outcomes(fresh, 1).values()) == {"not started"}
    assert len(outcomes(fresh, 1)) == 11
    assert done.stdout.count("./workbook up") == 1  # one cluster, one message
    assert "Traceback" not in done.stdout + done.stderr


def test_with_a_cluster_and_nothing_on_it_only_the_cluster_passes(with_cluster: Path) -> None:
    assert cli_of(with_cluster)("check", "1").returncode == 10
    found = outcomes(with_cluster, 1)
    assert found.pop("test_node_is_ready") == "passed"
    assert set(found.values()) == {"not started"}


def test_up_again_changes_nothing(with_cluster: Path) -> None:
    before = Cluster(with_cluster).record()
    assert cli_of(with_cluster)("up").returncode == 0
    assert before is not None
    assert Cluster(with_cluster).record() == before


def test_goto_passes_every_check_and_the_receipt_says_what_ran(with_phase1: Path) -> None:
    cli = cli_of(with_phase1)
    assert cli("check", "1").returncode == 0
    assert set(outcomes(with_phase1, 1).values()) == {"passed"}
    assert cli("receipt", "1").returncode == 0
    receipt = json.loads((with_phase1 / ".workbook/local/phase1/receipt.json").read_text())
    assert (receipt["passed"], receipt["of"]) == (11, 11)
    assert receipt["cluster"]["kubernetes"] in json.dumps(receipt["checks"])
    assert set(receipt["cluster"]) >= {"kubernetes", "kind", "kubectl", "docker"}
    digest = results(with_phase1, 1)["test_pod_runs_pushed_image"]["note"]
    assert digest.startswith("sha256:")
    assert digest in (with_phase1 / ".workbook/local/phase1/receipt.md").read_text()


def test_no_request_failed_while_the_lesson_updated_and_deleted(with_phase1: Path) -> None:
    for name in ("rolling-update", "pod-deletion"):
        traffic = read_traffic(Phase(1, with_phase1, "local").state, name)
        assert traffic is not None
        assert len(traffic.samples) > 50
        assert traffic.failed == []


def test_active_disturbs_anew_and_still_no_request_fails(with_phase1: Path) -> None:
    recording = with_phase1 / ".workbook/local/phase1/traffic-pod-deletion.json"
    before = recording.read_bytes()
    passive = results(with_phase1, 1)["test_pod_is_running"]["note"]
    done = cli_of(with_phase1)("check", "1", "--active")
    assert done.returncode == 0, done.stdout
    found = results(with_phase1, 1)
    assert "0 failed" in found["test_update_loses_nothing"]["note"]
    assert "0 failed" in found["test_pod_is_replaced"]["note"]
    assert recording.read_bytes() == before  # the answers stay right
    assert cli_of(with_phase1)("check", "1").returncode == 0
    assert results(with_phase1, 1)["test_pod_is_running"]["note"] != passive  # another pod


def test_another_cluster_is_never_asked(with_phase1: Path, tmp_path: Path) -> None:
    """KUBECONFIG names a cluster that counts its visitors."""
    visits = []

    class Visited(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visits.append(self.path)
            self.send_error(500)

        do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server's names

    server = HTTPServer(("127.0.0.1", 0), Visited)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    others = tmp_path / "kubeconfig"
    others.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "theirs", "cluster": {"server": address}}],
                "contexts": [{"name": "theirs", "context": {"cluster": "theirs", "user": "u"}}],
                "users": [{"name": "u", "user": {}}],
                "current-context": "theirs",
            }
        )
    )
    before = others.read_bytes()
    try:
        cli = cli_of(with_phase1)
        done = cli("check", "1", KUBECONFIG=str(others))
        assert done.returncode == 11
        assert done.stdout.count(f"KUBECONFIG names {others}") == 1
        assert cli("up", KUBECONFIG=str(others)).returncode == 0
        assert cli("status", KUBECONFIG=str(others)).returncode == 0
        cli("drill", "1", "node-cordoned", KUBECONFIG=str(others))
    finally:
        server.shutdown()
    assert visits == []
    assert others.read_bytes() == before
    assert cli("check", "1").returncode == 0


def test_up_brings_back_what_was_stopped_and_the_node_finds_it(with_phase1: Path) -> None:
    engine = find_engine(with_phase1)
    engine.run("rm", "--force", registry.NAME)
    assert cli_of(with_phase1)("check", "1").returncode == 1
    assert cli_of(with_phase1)("up").returncode == 0
    assert cli_of(with_phase1)("check", "1").returncode == 0  # what was pushed is still there
    names = engine.run("exec", NODE, "getent", "hosts", registry.NAME, check=False)
    assert names.returncode == 0, "the node cannot find the registry"


@pytest.mark.parametrize("name", drill_names(1))
def test_a_drill_turns_its_check_red_and_back(with_phase1: Path, name: str) -> None:
    prove_drill(with_phase1, 1, name)

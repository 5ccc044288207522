"""What is special to phase 1: the cluster, its registry, and what the lesson does to pods."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from checked import outcomes, results
from copies import cli_of
from walk import Walk

from workbook.course.phase import Phase
from workbook.measure.traffic import read_traffic
from workbook.targets.local import registry
from workbook.targets.local.cluster import NODE, Cluster
from workbook.targets.local.engine import find_engine

pytestmark = pytest.mark.step("after", phase=1)


@pytest.mark.step("before", phase=1)
def test_without_a_cluster_one_message_says_how_to_make_it(walk: Walk) -> None:
    walk.to(0)
    done = walk.cli("check", "1")
    assert done.returncode == 10, done.stdout + done.stderr
    assert done.stdout.count("./workbook up") == 1


@pytest.mark.step("cluster", phase=1)
def test_with_a_cluster_and_nothing_on_it_only_the_cluster_passes(walk: Walk) -> None:
    home = walk.to(0)
    walk.start_cluster()
    assert walk.cli("check", "1").returncode == 10
    found = outcomes(home, 1)
    assert found.pop("test_node_is_ready") == "passed"
    assert set(found.values()) == {"not started"}


@pytest.mark.step("cluster", phase=1)
def test_up_again_changes_nothing(walk: Walk) -> None:
    walk.to(0)
    walk.start_cluster()
    before = Cluster(walk.home).record()
    assert walk.cli("up").returncode == 0
    assert before is not None
    assert Cluster(walk.home).record() == before


def test_the_receipt_says_what_ran(walk: Walk) -> None:
    state = walk.to(1) / ".workbook/local/phase1"
    receipt = json.loads((state / "receipt.json").read_text())
    assert receipt["cluster"]["kubernetes"] in json.dumps(receipt["checks"])
    assert set(receipt["cluster"]) >= {"kubernetes", "kind", "kubectl", "docker"}
    digest = results(walk.home, 1)["test_pod_runs_pushed_image"]["note"]
    assert digest.startswith("sha256:")
    assert digest in (state / "receipt.md").read_text()


def test_no_request_failed_while_the_lesson_updated_and_deleted(home: Path) -> None:
    for name in ("rolling-update", "pod-deletion"):
        traffic = read_traffic(Phase(1, home, "local").state, name)
        assert traffic is not None
        assert len(traffic.samples) > 50
        assert traffic.failed == []


def test_active_repeats_the_disruption_and_no_request_fails(home: Path) -> None:
    recording = home / ".workbook/local/phase1/traffic-pod-deletion.json"
    before = recording.read_bytes()
    passive = results(home, 1)["test_pod_is_running"]["note"]
    done = cli_of(home)("check", "1", "--active")
    assert done.returncode == 0, done.stdout
    found = results(home, 1)
    assert "0 failed" in found["test_update_loses_nothing"]["note"]
    assert "0 failed" in found["test_pod_is_replaced"]["note"]
    assert recording.read_bytes() == before  # the answers stay right
    assert cli_of(home)("check", "1").returncode == 0
    assert results(home, 1)["test_pod_is_running"]["note"] != passive  # another pod


def test_another_cluster_is_never_asked(home: Path, tmp_path: Path) -> None:
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
        cli = cli_of(home)
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


def test_up_brings_back_what_was_stopped_and_the_node_finds_it(home: Path) -> None:
    engine = find_engine(home)
    engine.run("rm", "--force", registry.NAME)
    assert cli_of(home)("check", "1").returncode == 1
    assert cli_of(home)("up").returncode == 0
    assert cli_of(home)("check", "1").returncode == 0  # what was pushed is still there
    names = engine.run("exec", NODE, "getent", "hosts", registry.NAME, check=False)
    assert names.returncode == 0, "the node cannot find the registry"

"""Copies of the workbook: fresh, after phase 0, with a cluster, after the phases that need one."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from copies import assert_passed, clean_environment, cli_of, copy_workbook, free_port
from recorded_az import RecordedAz

from workbook.learner.choices import CLUSTER_PORTS

SECONDS_TO_BUILD = 3000  # of the offline kit, from an empty cache


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


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy in which `./workbook start` has passed."""
    home = copy_workbook(tmp_path_factory.mktemp("ran") / "workbook")
    cli = cli_of(home)
    assert cli("use", "local", "--port", str(free_port())).returncode == 0
    started = cli("start")
    assert_passed(started)
    yield home
    cli("down", "--yes")


@pytest.fixture(scope="session")
def with_cluster(ran: Path) -> Iterator[Path]:
    """A copy in which phase 0 is complete and `./workbook up` has passed, after it was killed."""
    cli = cli_of(ran)
    names = [f"--{name.replace('_', '-')}" for name in CLUSTER_PORTS]
    ports = [word for name in names for word in (name, str(free_port()))]
    assert cli("use", "local", *ports).returncode == 0
    _kill_in_the_middle(ran)
    made = cli("up", seconds=SECONDS_TO_BUILD)
    assert_passed(made)
    yield ran
    removed = cli("down", "--verify", "--yes")
    assert_passed(removed)
    assert "is left" in removed.stdout


@pytest.fixture(scope="session")
def with_phase1(with_cluster: Path) -> Path:
    """A copy in which phase 1 is complete."""
    done = cli_of(with_cluster)("goto", "1", seconds=1200)
    assert_passed(done)
    return with_cluster


@pytest.fixture(scope="session")
def with_phase2(with_phase1: Path) -> Path:
    """A copy in which phase 2 is complete."""
    done = cli_of(with_phase1)("goto", "2", seconds=1200)
    assert_passed(done)
    return with_phase1


@pytest.fixture(scope="session")
def with_phase3(with_phase2: Path) -> Path:
    """A copy in which phase 3 is complete."""
    done = cli_of(with_phase2)("goto", "3", seconds=SECONDS_TO_BUILD)  # its provider, too
    assert_passed(done)
    return with_phase2


@pytest.fixture(scope="session")
def with_phase4(with_phase3: Path) -> Path:
    """A copy in which phase 4 is complete."""
    done = cli_of(with_phase3)("goto", "4", seconds=1200)
    assert_passed(done)
    return with_phase3


def _kill_in_the_middle(home: Path) -> None:
    """Kill `./workbook up` while kind is at work: whoever runs `up` next must cope with that."""
    up = subprocess.Popen(
        ["./workbook", "up"],
        cwd=home,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    log = home / ".workbook/local/up/logs/kind.log"
    deadline = time.monotonic() + SECONDS_TO_BUILD
    while not log.exists() or "Starting control-plane" not in log.read_text(errors="replace"):
        assert up.poll() is None, "`up` ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.2)
    up.send_signal(signal.SIGKILL)
    up.wait()

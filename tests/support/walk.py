"""One copy of the workbook that is taken through the phases, up and down, by its own CLI."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from copies import assert_passed, clean_environment, cli_of, free_port

from workbook.course.phase import Phase, find_phase
from workbook.learner.choices import PORTS
from workbook.targets.local.cluster import Cluster

SECONDS_TO_BUILD = 3000  # of the offline kit and the lesson after it, from an empty cache


class Walk:
    """A copy of the workbook, and the phase that is complete in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.cli = cli_of(home)
        self.at: int | None = None
        self._stopped = ""

    def to(self, number: int) -> Path:
        """Bring the copy to the state in which a phase is complete; returns its folder."""
        if self.at is None:
            with self._on_its_way_to("phase 0"):
                self._start()
        if self.phase(number).has("cluster"):
            self.start_cluster()
        if number != self.at:
            with self._on_its_way_to(f"phase {number}"):
                assert_passed(self.cli("goto", f"{number}", "--answers", seconds=SECONDS_TO_BUILD))
            self.at = number
        return self.home

    def phase(self, number: int) -> Phase:
        """A phase of the copy."""
        return find_phase(number, self.home, "local")

    def start_cluster(self) -> None:
        """Run `./workbook up` unless there is a cluster, after one that is killed half-way."""
        if Cluster(self.home).record() is None:
            with self._on_its_way_to("a cluster"):
                _kill_in_the_middle(self.home)
                assert_passed(self.cli("up", seconds=SECONDS_TO_BUILD))

    def _start(self) -> None:
        options = {each.option: str(free_port()) for each in PORTS}
        ports = [word for option in options.items() for word in option]
        assert_passed(self.cli("use", "local", *ports))
        assert_passed(self.cli("start", "--answers"))
        self.at = 0

    @contextmanager
    def _on_its_way_to(self, goal: str) -> Iterator[None]:
        """Fail once where the walk stops; what needs a later state is skipped, and says so."""
        if self._stopped:
            pytest.skip(f"the walk stopped on its way to {self._stopped}")
        self._stopped = goal
        yield
        self._stopped = ""


def _kill_in_the_middle(home: Path) -> None:
    """Kill `./workbook up` while kind is at work: the next `up` must cope with what is left."""
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

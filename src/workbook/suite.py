"""`workbook test`: set up what the tests need, run all of them, say what each part took."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from workbook import bootstrap
from workbook.errors import WorkbookError

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DEV_LOCK = "requirements-dev.lock"


def run_suite(home: Path, fast: bool = False) -> int:
    """Run every part, also after one has failed; returns the exit status.

    Args:
        home: the workbook's folder.
        fast: leave out what runs lessons, and with them the cluster.
    """
    began = time.monotonic()
    _install_tools(home)
    if not fast:
        _install_browser()
    parts = {
        "lint": ["ruff", "check", "."],
        "format": ["ruff", "format", "--check", "."],
        "types": ["mypy"],
    }
    # a process for each phase: every phase has a package of the same name
    for phase in sorted(home.glob("phases/phase*")):
        parts[f"{phase.name}'s types"] = ["mypy", f"{phase}/sentiment"]
        parts[f"{phase.name}'s own tests"] = ["pytest", f"{phase}/tests"]
    parts["the machinery"] = ["pytest", "tests", "-m", "not live"]
    if not fast:
        parts["the live system"] = ["pytest", "tests", "-m", "live"]
    took = {}
    failed = []
    for name, command in parts.items():
        print(f"\n== {name}: {' '.join(command)}", flush=True)
        clock = time.monotonic()
        if subprocess.run([sys.executable, "-m", *command], cwd=home).returncode != 0:
            failed.append(name)
        took[name] = time.monotonic() - clock
    print()
    for name, seconds in took.items():
        print(f"{'FAILED' if name in failed else 'ok':8}{name:24}{seconds:7.0f} s")
    print(f"{'':8}{'everything':24}{time.monotonic() - began:7.0f} s")
    if fast:
        print("Left out: lessons, checks and drills on a live system, the cluster, the site.")
        print("Run next: ./workbook test")
    return 1 if failed else 0


def find_browser() -> str | None:
    """A Chromium that the tests of the site can use."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def _install_tools(home: Path) -> None:
    if bootstrap.is_complete(home, DEV_LOCK):
        return
    print(f"Installing what {DEV_LOCK} adds: once, about a minute.", flush=True)
    try:
        bootstrap.install(home, DEV_LOCK)
    except bootstrap.BootstrapError as error:
        raise WorkbookError(str(error), "./workbook test") from None


def _install_browser() -> None:
    if find_browser():
        return
    commands = [
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", "chromium"],
    ]
    by_hand = "sudo apt install chromium (macOS: brew install --cask chromium)"
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise WorkbookError("The tests of the site need Chromium, which is not here.", by_hand)
    print("Installing Chromium for the tests of the site.", flush=True)
    for command in commands:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise WorkbookError(f"Chromium could not be installed: {last}", by_hand)

"""`workbook test`: set up what the tests need, run all of them, say what each part took."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from workbook import bootstrap
from workbook.errors import WorkbookError

LINES_OF_FAILURE = 40  # that are said again at the end, where whoever comes later looks
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DEV_LOCK = "requirements-dev.lock"
# What runs azure-cli's parser, and Terraform.
OTHER_TOOLS = (
    "tests/azure/test_commands.py",
    "tests/terraform/test_terraform.py",
    "tests/terraform/test_terraform_phase3.py",
)
IGNORE_OTHER_TOOLS = tuple(f"--ignore={path}" for path in OTHER_TOOLS)


class Part(NamedTuple):
    """One of the things that are run: a module of Python, and its arguments."""

    name: str
    command: tuple[str, ...]


class Done(NamedTuple):
    """A part that has been run."""

    part: Part
    failed: bool
    seconds: float
    said: str


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
    quick = [
        Part("other tools", ("pytest", *OTHER_TOOLS)),  # first: it takes longest
        Part("the machinery", ("pytest", "tests", "-m", "not live", *IGNORE_OTHER_TOOLS)),
        Part("lint", ("ruff", "check", ".")),
        Part("format", ("ruff", "format", "--check", ".")),
        Part("types", ("mypy",)),
    ]
    # a process for each phase, and a cache: every phase has a package of the same name
    for phase in _with_code_of_its_own(home):
        folder, cache = f"phases/{phase.name}", f"--cache-dir=.mypy_cache/{phase.name}"
        quick.append(Part(f"{phase.name}'s types", ("mypy", cache, f"{folder}/sentiment")))
        quick.append(Part(f"{phase.name}'s own tests", ("pytest", f"{folder}/tests")))
    done = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for run in as_completed([pool.submit(_run, home, part) for part in quick]):
            done.append(run.result())
            _show(done[-1])
    if not fast:
        live = Part("the live system", ("pytest", "tests", "-m", "live"))
        print(f"\n{live.name}: alone, as it needs the machine for itself", flush=True)
        done.append(_run(home, live, show=True))
    print()
    for each in done:
        print(f"{'FAILED' if each.failed else 'ok':8}{each.part.name:24}{each.seconds:7.0f} s")
    print(f"{'':8}{'everything':24}{time.monotonic() - began:7.0f} s")
    for each in done:
        if each.failed:
            last = "\n".join(each.said.strip().splitlines()[-LINES_OF_FAILURE:])
            print(f"\nThe end of what {each.part.name} said:\n{last}")
    if fast:
        print("Left out: lessons, checks and drills on a live system, the cluster, the site.")
        print("Run next: ./workbook test")
    return 1 if any(each.failed for each in done) else 0


def _with_code_of_its_own(home: Path) -> Iterator[Path]:
    """The phases but those whose code and tests are, byte by byte, those of the phase before."""
    before: dict[Path, bytes] = {}
    for phase in sorted(home.glob("phases/phase*")):
        paths = [path for part in ("sentiment", "tests") for path in (phase / part).rglob("*.*")]
        files = [path for path in paths if path.is_file() and path.suffix != ".pyc"]
        code = {path.relative_to(phase): path.read_bytes() for path in files}
        if code != before:
            yield phase
        before = code


def _run(home: Path, part: Part, show: bool = False) -> Done:
    """Run a part and keep what it says, so that no two speak at once; show it as well, if asked."""
    clock = time.monotonic()
    said = []
    command = [sys.executable, "-m", *part.command]
    pipe, errors = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(
        command, cwd=home, stdout=pipe, stderr=errors, text=True, errors="replace"
    ) as run:
        assert run.stdout is not None
        while character := run.stdout.read(1):  # a dot for a test, and not the line when it is full
            said.append(character)
            if show:
                print(character, end="", flush=True)
    return Done(part, run.returncode != 0, time.monotonic() - clock, "".join(said))


def _show(done: Done) -> None:
    """One line of a part that passed, everything of one that failed."""
    last = (done.said.strip().splitlines() or [""])[-1].strip("= ")
    print(f"{'FAILED' if done.failed else 'ok':8}{done.part.name:24}{last}", flush=True)
    if done.failed:
        print(
            f"{done.said}\nAgain: .venv/bin/python -m {' '.join(done.part.command)}\n", flush=True
        )


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

"""`workbook test`: set up what the tests need, run them part by part, say what each part took."""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from workbook import bootstrap
from workbook.dev.minutes import seconds_by_kind, seconds_by_move, table_of
from workbook.errors import WorkbookError
from workbook.programs import kill_group, run

LINES_OF_FAILURE = 40  # repeated at the end
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DEV_LOCK = "requirements-dev.lock"
SECONDS_TO_INSTALL = 1800
SECONDS_OF_A_PART = 3 * 3600  # of `--all`, where the walk through the phases is one part
SECONDS_OF_PROOFS = 360  # in one run: the walk through the phases takes most of the time
# What runs azure-cli, and Terraform.
OTHER_TOOLS = (
    "tests/azure/test_commands.py",
    "tests/azure/test_own_requests.py",
    "tests/azure/test_requests.py",
    "tests/terraform/test_terraform.py",
    "tests/terraform/test_terraform_phase3.py",
)
LIVE = "tests/live"
_RUNNING: set[int] = set()  # the first process of each part that is running


class Part(NamedTuple):
    """A program of .venv that is run with arguments."""

    name: str
    command: tuple[str, ...]

    @property
    def report(self) -> Path:
        """The JUnit report, from the workbook's folder, of a part that writes one."""
        return Path(".workbook", "tests", f"{re.sub(r'[^a-z0-9]+', '-', self.name)}.xml")


class Done(NamedTuple):
    """A part that has been run."""

    part: Part
    failed: bool
    seconds: float
    said: str


def run_suite(home: Path, quick: bool, live: bool, every_proof: bool = False) -> int:
    """Run the parts, also after one has failed; returns the exit status.

    Args:
        home: the workbook's folder.
        quick: run what needs no cluster.
        live: walk through the phases on a cluster.
        every_proof: make every proof there, and record it in the ledger.
    """
    began = time.monotonic()
    _install_tools(home)
    (home / ".workbook" / "tests").mkdir(parents=True, exist_ok=True)
    done: list[Done] = []
    if quick:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            waiting = [pool.submit(_run, home, part) for part in _quick(home)]
            try:
                for future in as_completed(waiting):
                    done.append(future.result())
                    _show(done[-1])
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                for leader in _RUNNING.copy():
                    kill_group(leader)
                raise
    if live:
        _install_browser()
        part = _live(every_proof)
        print(f"\n{part.name}: alone, as it needs the machine for itself", flush=True)
        done.append(_run(home, part, show=True))
    summary = "\n".join(_summary(home, done, time.monotonic() - began))
    (home / ".workbook" / "tests" / "minutes.txt").write_text(f"{summary}\n", encoding="utf-8")
    print(f"\n{summary}")
    for each in done:
        if each.failed:
            last = "\n".join(each.said.strip().splitlines()[-LINES_OF_FAILURE:])
            print(f"\nThe end of what {each.part.name} said:\n{last}")
    if not live:
        print("Not run: the lessons, checks and drills on a cluster, and the site.")
        print("Run next: ./workbook test --live")
    return 1 if any(each.failed for each in done) else 0


def _quick(home: Path) -> list[Part]:
    """What needs no cluster; what takes longest comes first."""
    ignored = (f"--ignore={path}" for path in (*OTHER_TOOLS, LIVE))
    on_every_core = ("--numprocesses", f"{os.cpu_count()}", "--dist", "worksteal")
    parts = [
        _tested("other tools", *OTHER_TOOLS),
        _tested("the machinery", "tests", *ignored, *on_every_core),
        Part("types", ("mypy",)),
        Part("lint", ("ruff", "check", ".")),
        Part("format", ("ruff", "format", "--check", ".")),
        Part("workflow", ("zizmor", "--offline", "--quiet", ".github/workflows")),
    ]
    # a process for each phase, and a cache: every phase has a package of the same name;
    # a later phase has more tests
    for phase in reversed([*_with_code_of_its_own(home)]):
        folder, cache = f"phases/{phase.name}", f"--cache-dir=.mypy_cache/{phase.name}"
        parts.append(Part(f"{phase.name}'s types", ("mypy", cache, f"{folder}/sentiment")))
        parts.append(_tested(f"{phase.name}'s own tests", f"{folder}/tests"))
    return parts


def _live(every_proof: bool) -> Part:
    which = ("--write-ledger",) if every_proof else (f"--proof-seconds={SECONDS_OF_PROOFS}",)
    return _tested("the live system", LIVE, *which)


def _tested(name: str, *arguments: str) -> Part:
    """A part that pytest runs, with a JUnit report."""
    report = Part(name, ()).report
    return Part(name, ("pytest", *arguments, f"--junitxml={report}"))


def _summary(home: Path, done: list[Done], seconds: float) -> Iterator[str]:
    """What each part took, and the live tests by phase and kind."""
    for each in done:
        yield f"{'FAILED' if each.failed else 'ok':8}{each.part.name:24}{each.seconds:7.0f} s"
    yield f"{'':8}{'everything':24}{seconds:7.0f} s"
    for each in done:
        if LIVE in each.part.command and (home / each.part.report).exists():
            yield ""
            yield table_of(seconds_by_kind(home / each.part.report))
            for move, took in seconds_by_move(home / each.part.report):
                yield f"{'':8}{move:24}{took:7.0f} s"


def _with_code_of_its_own(home: Path) -> Iterator[Path]:
    """The phases but those whose code and tests are, byte by byte, those of the phase before.

    So must be the files beside them, which the tests may read: all but the lesson and phase.toml.
    """
    before: dict[Path, bytes] = {}
    for phase in sorted(home.glob("phases/phase*")):
        paths = [path for part in ("sentiment", "tests") for path in (phase / part).rglob("*.*")]
        paths += [path for path in phase.iterdir() if path.name not in ("README.md", "phase.toml")]
        files = [path for path in paths if path.is_file() and path.suffix not in (".pyc", ".ipynb")]
        code = {path.relative_to(phase): path.read_bytes() for path in files}
        if code != before:
            yield phase
        before = code


def _run(home: Path, part: Part, show: bool = False) -> Done:
    """Run a part and keep what it says, so that no two speak at once; show it as well, if asked.

    Its processes are a group of their own: some may hold the pipe after the first has ended.
    """
    clock = time.monotonic()
    said = []
    program, *arguments = part.command
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    pipe, errors = subprocess.PIPE, subprocess.STDOUT
    too_long = threading.Event()
    with subprocess.Popen(
        command,
        cwd=home,
        stdout=pipe,
        stderr=errors,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        assert process.stdout is not None

        def end() -> None:
            too_long.set()
            kill_group(process.pid)

        limit = threading.Timer(SECONDS_OF_A_PART, end)
        limit.daemon = True
        limit.start()
        _RUNNING.add(process.pid)
        try:
            while character := process.stdout.read(1):  # a dot for a test, and not a full line
                said.append(character)
                if show:
                    print(character, end="", flush=True)
            process.wait()
        except BaseException:
            kill_group(process.pid)
            raise
        finally:
            limit.cancel()
            _RUNNING.discard(process.pid)
    if too_long.is_set():
        said.append(f"\nended after {SECONDS_OF_A_PART} s\n")
    failed = too_long.is_set() or process.returncode != 0
    return Done(part, failed, time.monotonic() - clock, "".join(said))


def _show(done: Done) -> None:
    """One line of a part that passed, everything of one that failed."""
    last = (done.said.strip().splitlines() or [""])[-1].strip("= ")
    print(f"{'FAILED' if done.failed else 'ok':8}{done.part.name:24}{last}", flush=True)
    if done.failed:
        print(f"{done.said}\nAgain: .venv/bin/{' '.join(done.part.command)}\n", flush=True)


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
        done = run(command, SECONDS_TO_INSTALL, environment=environment)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise WorkbookError(f"Chromium could not be installed: {last}", by_hand)

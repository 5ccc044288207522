"""Make .venv from a lock file. Standard library only: this runs before anything is installed."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import threading
import venv
from pathlib import Path

NEEDED_BYTES = 1_500_000_000
SECONDS_TO_INSTALL = 3600  # on a slow line
REASONS = {  # what pip says, and what a learner can do about it
    r"No space left|Errno 28": "the disk is full. Free 1.5 GB and run the same command again.",
    r"do not match the hashes|HASHES ARE REQUIRED": "a package is not the one that the lock names. "
    "Do not install it; if a proxy or mirror serves your packages, ask who runs it.",
    r"Connection|Temporary failure|timed out|Name or service|ProxyError|SSLError": "the package "
    "index cannot be reached. Check the network (or pip's own settings) and run the same "
    "command again.",
    r"No matching distribution": "this Python or platform has no build of a package "
    "(64-bit Linux or macOS with Python 3.11 to 3.14 has).",
}


class BootstrapError(Exception):
    """The environment cannot be made; the message says what to do."""


def make(root: Path) -> None:
    """Make root/.venv with what requirements.lock names, and the workbook's own package.

    Safe to interrupt: the copy of the lock in .venv, written last, says that it is complete.

    Raises:
        BootstrapError: it cannot be made; the message says what to do.
    """
    environment = root / ".venv"
    free = shutil.disk_usage(root).free
    if free < NEEDED_BYTES:
        raise BootstrapError(
            f"the disk that holds {root} has {free / 1e9:.1f} GB free, and .venv needs "
            f"{NEEDED_BYTES / 1e9:.1f} GB. Free some space and run the same command again."
        )
    state = root / ".workbook"
    state.mkdir(exist_ok=True)
    with (state / "setup.lock").open("w") as lock:  # released by the kernel when we end
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another setup is running here: waiting for it.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        if is_complete(root, "requirements.lock"):
            return
        print("Making .venv from requirements.lock: once, about a minute.", flush=True)
        try:
            venv.create(environment, clear=True, with_pip=True, symlinks=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise BootstrapError(
                f".venv could not be made ({error}). On Debian and Ubuntu the module is a "
                "package of its own: sudo apt install python3-venv"
            ) from error
        install(root, "requirements.lock")


def is_complete(root: Path, lock: str) -> bool:
    """Whether .venv was made from `lock`, and in this place: its scripts hold its path."""
    environment = root / ".venv"
    try:
        same = (environment / lock).read_bytes() == (root / lock).read_bytes()
        return same and (environment / "made-in").read_text() == f"{environment.resolve()}\n"
    except FileNotFoundError:
        return False


def install(root: Path, lock: str) -> None:
    """Install what `lock` names, each package verified by its hash, and the workbook itself."""
    environment = root / ".venv"
    _pip(root, "--require-hashes", "--requirement", str(root / lock))
    _pip(root, "--no-deps", "--no-build-isolation", "--editable", str(root))
    (environment / "made-in").write_text(f"{environment.resolve()}\n")
    shutil.copyfile(root / lock, environment / lock)


def _pip(root: Path, *arguments: str) -> None:
    """Run pip install with a counter for progress; its own words go to a log."""
    log = root / ".workbook" / "setup.log"
    log.parent.mkdir(exist_ok=True)
    python = root / ".venv" / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    count = 0
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as pip,
    ):
        assert pip.stdout is not None
        limit = threading.Timer(SECONDS_TO_INSTALL, pip.kill)
        limit.daemon = True
        limit.start()
        for line in pip.stdout:
            file.write(line)
            if line.startswith("Collecting "):
                count += 1
                _progress(f"  {count} packages fetched")
            elif line.startswith("Installing collected"):
                _progress(f"  {count} packages fetched, installing them")
    limit.cancel()
    if count and sys.stdout.isatty():
        print()
    if pip.returncode != 0:
        said = log.read_text(encoding="utf-8")
        for pattern, advice in REASONS.items():
            if re.search(pattern, said, re.IGNORECASE):
                raise BootstrapError(f"{advice[0].upper()}{advice[1:]}\npip's own words: {log}")
        tail = "\n".join(said.splitlines()[-5:])
        raise BootstrapError(f"pip could not install the packages:\n{tail}\nThe whole log: {log}")


def _progress(text: str) -> None:
    if sys.stdout.isatty():
        print(f"\r{text}\x1b[K", end="", flush=True)


def main() -> None:
    try:
        make(Path(sys.argv[1]))
    except BootstrapError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.strerror}: {error.filename}. Fix that and run the same command again.")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. Run the same command again: it starts over where it must.")


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)
    main()

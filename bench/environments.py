"""Virtual environments for what is measured beside ours, kept in the user's cache folder."""

import hashlib
import subprocess
import sys
from pathlib import Path

from platformdirs import user_cache_path

CACHE = user_cache_path("workbook") / "bench"


class InstallError(Exception):
    """A virtual environment cannot be made; the message says why."""


def install(name: str, requirements: str, base: str = sys.executable, cache: Path = CACHE) -> Path:
    """Make an environment with these requirements, once, and return its Python.

    Raises:
        InstallError: they cannot be installed.
    """
    digest = hashlib.sha256(requirements.encode()).hexdigest()[:12]
    folder = cache / f"{name}-{digest}"
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if complete.exists():
        return python
    print(f"installing {name}", flush=True)
    run([base, "-m", "venv", "--clear", str(folder)])
    listed = folder / "requirements.txt"
    listed.write_text(requirements, encoding="utf-8")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--only-binary", ":all:", "--requirement", str(listed)])
    complete.touch()
    return python


def run(command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    """Run a command whose output nobody reads.

    Raises:
        InstallError: it failed, with its last line.
    """
    done = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, errors="replace"
    )
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["no output"]
        raise InstallError(f"{' '.join(command)} failed: {reason[0]}")

"""Environments of their own, for tools whose pins would hold back ours."""

import hashlib
import subprocess
import sys
from pathlib import Path

from workbook.targets.local.tools import cache, locked, quiet

UV = Path(sys.executable).with_name("uv")


def environment_of(lock: Path) -> Path:
    """The folder of programs of an environment with what a lock names, made on the first call."""
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    home = cache() / f"{lock.stem}-{digest}"
    complete = home / "complete"
    with locked(lock.stem, quiet):  # another run of the tests may be at it
        if not complete.exists():
            new = ["venv", "--clear", "--python", sys.executable]
            subprocess.run([UV, "--quiet", *new, home], check=True)
            exactly: list[str | Path] = [
                "pip",
                "install",
                "--require-hashes",
                "--requirement",
                lock,
            ]
            subprocess.run([UV, "--quiet", *exactly, "--python", home], check=True)
            complete.touch()
    return home / "bin"

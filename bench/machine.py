"""What a page says of the machine and the programs that measured."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil
from server import find_wrk

OUR_PACKAGES = ("fastapi", "uvicorn", "uvloop", "httptools", "pydantic", "scikit-learn", "numpy")


def machine() -> str:
    """The machine in a line, without its name; its load is the one of this moment."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{psutil.cpu_count()} cores ({model}), {memory:.0f} GiB of memory, {platform.system()}, "
        f"Python {platform.python_version()}. Load average before the run: {os.getloadavg()[0]:.1f}"
    )


def our_versions() -> str:
    """The versions of the libraries that our phases answer with."""
    return ", ".join(f"{name} {version(name)}" for name in OUR_PACKAGES)


def wrk_version() -> str:
    done = subprocess.run([find_wrk(), "-v"], capture_output=True, text=True)
    found = re.search(r"\d[\w.]*", done.stdout + done.stderr)
    return f"wrk {found[0]}" if found else "wrk"

"""Running checks in a process of their own."""

import os
import sys
from pathlib import Path


def checks_command(which: Path, *options: str) -> list[str]:
    """The command that runs the checks of a folder or a file."""
    return [sys.executable, "-m", "workbook.checks", str(which), *options]


def checks_environment() -> dict[str, str]:
    """Ours, in which the user's other projects and other packages' plugins have no say."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return {**ours, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

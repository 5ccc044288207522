"""What a judge's script uses beside the learner's file: `python SCRIPT FILE ANSWERS`."""

import json
import resource
import runpy
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

CPU_SECONDS = 60  # this process ends by itself, also when the judge was killed
MEMORY = 2**30  # bytes of address space; the phases' libraries take a third of it


def written(name: str) -> Any:
    """The function or class of that name in the learner's file. Ends the script without one."""
    with suppress(ValueError, OSError):  # macOS does not know every limit
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    there = runpy.run_path(sys.argv[1])
    if name not in there:
        sys.exit(f"{Path(sys.argv[1]).name} has no {name}")
    return there[name]


def report(answers: object) -> None:
    """Hand over what was found out; the learner's code may print what it likes."""
    Path(sys.argv[2]).write_text(json.dumps(answers), encoding="utf-8")

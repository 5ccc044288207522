"""The guide's code, cut out of its Markdown when a comparison runs; nothing is retyped."""

import csv
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

EXAMPLES = Path(__file__).with_name("more_examples.csv")
PHASE = "Phase 0:"
ROOM_FOR_EXAMPLES = "# Add 20-30 more examples"


class GuideError(Exception):
    """The guide's code cannot be made to run; the message says why."""


class Source(NamedTuple):
    """What phase 0 of the guide consists of."""

    requirements: str
    train: str
    api: str

    @property
    def pins(self) -> list[str]:
        """The requirements that fix a version."""
        return [line.strip() for line in self.requirements.splitlines() if "==" in line]


def cut(markdown: Path) -> Source:
    """Take requirements, training and API of phase 0 out of the guide.

    Raises:
        GuideError: the file is not the guide, or its phase 0 looks different.
    """
    lines = _lines(markdown)
    return Source(
        requirements=_block(lines, "Install Dependencies"),
        train=_block(lines, "src/model/train.py"),
        api=_block(lines, "src/api/main.py"),
    )


def dockerfile(markdown: Path) -> str:
    """Take the Dockerfile of phase 1 out of the guide.

    Raises:
        GuideError: the file is not the guide, or its phase 1 looks different.
    """
    return _block(_lines(markdown), "Create Dockerfile", phase="Phase 1:")


def write(source: Source, folder: Path) -> None:
    """Lay the code out as the guide does, with our examples where it asks for more of them."""
    place = next((x for x in source.train.splitlines() if x.strip() == ROOM_FOR_EXAMPLES), None)
    if place is None:
        raise GuideError(f"the guide's training file has no line {ROOM_FOR_EXAMPLES!r}")
    indent = place[: len(place) - len(place.lstrip())]
    with EXAMPLES.open(encoding="utf-8", newline="") as file:
        rows = [f"{indent}{(row['text'], row['sentiment'])!r}," for row in csv.DictReader(file)]
    for name, code in (
        ("model/train.py", source.train.replace(place, "\n".join(rows))),
        ("api/main.py", source.api),
    ):
        path = folder / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")


def install(source: Source, work: Path) -> Path:
    """Make a virtual environment with the guide's pins, once, and return its Python.

    Raises:
        GuideError: there is no Python 3.11, or the pins cannot be installed.
    """
    digest = hashlib.sha256(source.requirements.encode()).hexdigest()[:12]
    folder = work / f"guide-{digest}"
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if complete.exists():
        return python
    base = sys.executable if sys.version_info[:2] == (3, 11) else shutil.which("python3.11")
    if base is None:
        raise GuideError("the guide's pins need Python 3.11, and there is no python3.11 here")
    _run([base, "-m", "venv", "--clear", str(folder)])
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--only-binary", ":all:", *source.pins])
    complete.touch()
    return python


def train(python: Path, folder: Path) -> None:
    """Run the guide's training; it leaves its model in `folder`."""
    environment = {**os.environ, "PYTHONUTF8": "1"}
    _run([str(python), "src/model/train.py"], cwd=folder, env=environment)


def _lines(markdown: Path) -> list[str]:
    try:
        return markdown.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GuideError(f"{markdown} cannot be read as UTF-8 text: {error}") from None


def _block(lines: list[str], heading: str, phase: str = PHASE) -> str:
    """The first fenced block below the heading of the phase that contains `heading`."""
    steps = iter(lines)
    for wanted in (phase, heading):
        if not any(line.startswith("#") and wanted in line for line in steps):
            raise GuideError(f"this is not the guide: no heading of {phase} has {wanted!r}")
    if not any(line.startswith("```") for line in steps):
        raise GuideError(f"the guide has no code below {heading!r}")
    code: list[str] = []
    for line in steps:
        if line.startswith("```"):
            break
        code.append(line)
    return "\n".join(code) + "\n"


def _run(command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, errors="replace"
    )
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["no output"]
        raise GuideError(f"{' '.join(command)} failed: {reason[0]}")

"""The guide's code, cut out of its Markdown when a comparison runs; nothing is retyped."""

import csv
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import environments

EXAMPLES = Path(__file__).with_name("more_examples.csv")
ROOM_FOR_EXAMPLES = "# Add 20-30 more examples"
PREDICT = '@app.post("/predict")'
DRIVER = "psycopg2-binary=="  # the guide's client of PostgreSQL
# What the guide's phases 2 and 6 leave behind: phase 6's own code never makes its table if all goes
# well at its start.
TABLE = """
CREATE TABLE predictions (
    id SERIAL PRIMARY KEY, text TEXT, sentiment TEXT, confidence FLOAT,
    timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP
)
"""


class GuideError(Exception):
    """The guide's code cannot be made to run; the message says why."""


class Source(NamedTuple):
    """What a phase of the guide consists of."""

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
        requirements=_block(lines, "Phase 0:", "Install Dependencies"),
        train=_block(lines, "Phase 0:", "src/model/train.py"),
        api=_block(lines, "Phase 0:", "src/api/main.py"),
    )


def cut_phase2(markdown: Path) -> Source:
    """The same of phase 2: phase 0's, with a connection and a row for every prediction.

    Its one block has a requirement, what comes before the app, and a new `predict`: that is put in
    the place of the old one, since of two routes for one path the first would answer.

    Raises:
        GuideError: the file is not the guide, or its phase 2 looks different.
    """
    before = cut(markdown)
    block = _block(_lines(markdown), "Phase 2:", "Update API to Log Predictions")
    pins = [line for line in block.splitlines() if line.startswith(DRIVER)]
    imports, _, predict = block.partition(PREDICT)
    start, _, rest = before.api.partition(PREDICT)
    _, health, rest = rest.partition('@app.get("/health")')
    if not (pins and predict and health and "app = FastAPI()" in start):
        raise GuideError("the guide's phase 2 is not the one that this code was written for")
    imports = imports.replace(pins[0], "")
    start = start.replace("app = FastAPI()", f"{imports}\napp = FastAPI()")
    return before._replace(
        requirements=f"{before.requirements}{pins[0]}\n",
        api=f"{start}{PREDICT}{predict}\n{health}{rest}",
    )


def cut_phase6(markdown: Path) -> Source:
    """The same of phase 6: a pool of connections, and errors of the database swallowed.

    Raises:
        GuideError: the file is not the guide, or its phase 6 looks different.
    """
    lines = _lines(markdown)
    step = ("Phase 6", "Update Application to Use Application Insights")
    return cut(markdown)._replace(
        requirements=_block(lines, *step, fence="```txt"),
        api=_block(lines, *step, fence="```python"),
    )


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


def install(source: Source, cache: Path = environments.CACHE) -> Path:
    """Make a virtual environment with the guide's pins, once, and return its Python.

    Raises:
        GuideError: there is no Python 3.11.
        InstallError: the pins cannot be installed.
    """
    base = sys.executable if sys.version_info[:2] == (3, 11) else shutil.which("python3.11")
    if base is None:
        raise GuideError("the guide's pins need Python 3.11, and there is no python3.11 here")
    return environments.install("guide", "\n".join(source.pins), base, cache)


def train(python: Path, folder: Path) -> None:
    """Run the guide's training; it leaves its model in `folder`."""
    environment = {**os.environ, "PYTHONUTF8": "1"}
    environments.run([str(python), "src/model/train.py"], cwd=folder, env=environment)


def prepare(cut: Callable[[Path], Source], markdown: Path, folder: Path) -> Path:
    """Lay a phase of the guide out in `folder`, with its model, and return its Python."""
    source = cut(markdown)
    write(source, folder)
    python = install(source)
    train(python, folder)
    return python


def _lines(markdown: Path) -> list[str]:
    try:
        return markdown.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GuideError(f"{markdown} cannot be read as UTF-8 text: {error}") from None


def _block(lines: list[str], phase: str, heading: str, fence: str = "```") -> str:
    """The first block with this fence, below the heading of the phase that contains `heading`."""
    steps = iter(lines)
    for wanted in (phase, heading):
        if not any(line.startswith("#") and wanted in line for line in steps):
            raise GuideError(f"this is not the guide: no heading of {phase} has {wanted!r}")
    if not any(line.startswith(fence) for line in steps):
        raise GuideError(f"the guide has no code below {heading!r}")
    code: list[str] = []
    for line in steps:
        if line.startswith("```"):
            break
        code.append(line)
    return "\n".join(code) + "\n"

"""Run the bash of a lesson cell: strict, streamed, bounded in time, one shell for the reader.

The reader sees one shell: what a cell exports, and the folder that it ends in, are there in the
next cell. What a cell leaves in the background keeps running, with its output in a log.
"""

import codecs
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbook.learner.background import Background

PRELUDE = Path(__file__).with_name("prelude.sh")
FUNCTIONS = Path(__file__).with_name("functions.sh")  # the shell functions of the lessons
SECONDS_BETWEEN_LOOKS = 0.05
SECONDS_TO_END = 20
LARGEST_OUTPUT = 1_000_000  # characters that a notebook keeps of a cell
CHUNK = 65_536  # bytes


class CellFailed(Exception):
    """A command of a cell failed or took too long; the message says which and how."""


@dataclass
class Shell:
    """The state that lasts from cell to cell."""

    background: Background
    directory: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, code: str, seconds: float, write: Callable[[str], Any]) -> None:
        """Run one cell and hand its output on as it comes.

        A cell that is run again first ends what it left in the background the last time.

        Raises:
            CellFailed: a command failed, or the time was up.
        """
        # named by what it leaves in the background, so that an edit elsewhere does not hide it
        left = "\n".join(re.findall(r"^.*&\s*$", code, re.MULTILINE))
        cell = hashlib.sha256((left or code).encode()).hexdigest()[:8]
        self.background.end_all(cell)
        self.background.logs.mkdir(parents=True, exist_ok=True)
        log = self.background.logs / f"{cell}.log"
        with tempfile.TemporaryDirectory() as name, log.open("wb") as output:
            folder = Path(name)
            script, report = folder / "cell.sh", folder / "report"
            script.write_text(code, encoding="utf-8")
            bash = subprocess.Popen(
                ["bash", str(PRELUDE), sys.executable, str(script), str(report)],
                cwd=self.directory,
                env={**self.environment, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                _stream(bash, log, time.monotonic() + seconds, write)
            except BaseException:
                _end_group(bash)
                raise
            if report.exists():
                self._take_over(json.loads(report.read_text(encoding="utf-8")), log, cell)
            if bash.returncode != 0:
                failure = folder / "report.failure"
                what = f": {failure.read_text(encoding='utf-8')}" if failure.exists() else ""
                raise CellFailed(f"The cell failed with status {bash.returncode}{what.rstrip()}")

    def _take_over(self, report: dict[str, Any], log: Path, cell: str) -> None:
        self.directory = Path(report["directory"])
        self.environment = report["environment"]
        for pid in report["background"]:
            self.background.remember(pid, log, cell)


def _stream(
    bash: subprocess.Popen[bytes], log: Path, deadline: float, write: Callable[[str], Any]
) -> None:
    """Hand on what the log gains until bash ends.

    A log and not a pipe: a program in the background goes on writing after the cell has ended.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    shown = 0
    with log.open("rb") as gained:
        ended = False
        while not ended:
            try:
                bash.wait(SECONDS_BETWEEN_LOOKS)
                ended = True
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    raise CellFailed("the time limit of this cell is up; it was ended") from None
            while shown < LARGEST_OUTPUT and (text := decoder.decode(gained.read(CHUNK))):
                write(text[: LARGEST_OUTPUT - shown])
                shown += len(text)
                if shown >= LARGEST_OUTPUT:
                    write(f"\nThis cell prints more than {LARGEST_OUTPUT:,} characters: {log}\n")


def _end_group(bash: subprocess.Popen[bytes]) -> None:
    """End bash and all that it started: the group, which is bash's own.

    The whole group has some time to end by itself: a tool may have a lock to give back.
    """
    with suppress(ProcessLookupError):
        os.killpg(bash.pid, signal.SIGTERM)
        deadline = time.monotonic() + SECONDS_TO_END
        while time.monotonic() < deadline:
            bash.poll()
            os.killpg(bash.pid, 0)  # raises once the group is empty
            time.sleep(SECONDS_BETWEEN_LOOKS)
        os.killpg(bash.pid, signal.SIGKILL)
    bash.wait()

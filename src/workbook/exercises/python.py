"""Judges of Python: a script of the exercise asks the learner's code, in a process of its own."""

import json
import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from workbook.exercises.exercise import Attempt
from workbook.programs import TookTooLong, run

SECONDS = 30


def answers(attempt: Attempt, script: Path) -> Any:
    """What a script of the exercise finds out about the learner's file, with the phase's code.

    Args:
        attempt: the learner's.
        script: uses `beside.py`; it may import the phase's package `sentiment`.

    Raises:
        Wrong: the learner's code fails, or does not end.
    """
    expected = f"Python that runs, and ends within {SECONDS} s"
    why = "the judge calls your code, and got no answer"
    with TemporaryDirectory() as folder:
        reported = Path(folder) / "answers.json"
        # without the learner's own settings: the phase's defaults count
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SENTIMENT_")}
        environment |= {"PYTHONPATH": str(attempt.phase.directory), "PYTHONDONTWRITEBYTECODE": "1"}
        environment |= {"OPENBLAS_NUM_THREADS": "1"}  # each thread would take memory
        try:
            done = run(
                [sys.executable, script, attempt.file, reported],
                SECONDS,
                directory=attempt.phase.directory,
                environment=environment,
            )
        except TookTooLong:
            raise attempt.wrong(expected=expected, found="it has not ended", why=why) from None
        if not reported.exists():
            found = _last_words(done.stderr, attempt.file)
            raise attempt.wrong(expected=expected, found=found, why=why)
        return json.loads(reported.read_text(encoding="utf-8"))


def _last_words(said: str, file: Path) -> str:
    """The error of a traceback, with the line of the learner's file that it came from."""
    lines = said.strip().splitlines()
    last = lines[-1] if lines else "it ended and gave no reason"
    numbers = re.findall(rf'File "{re.escape(str(file))}", line (\d+)', said)
    return f"line {numbers[-1]}: {last}" if numbers else last

"""Azure, asked by the learner's own az: what the workbook saw, a person can see by typing it."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from workbook.choices import Choices
from workbook.errors import WorkbookError

SECONDS_TO_ANSWER = 60
NOT_FOUND = re.compile(r"\bResource(Group)?NotFound\b")  # and not, say, SubscriptionNotFound


class NoAnswer(WorkbookError):
    """az could not be asked, or could not say."""


class NotThere(NoAnswer):
    """Azure has nothing of that name."""


def ask_az(home: Path, choices: Choices, *words: str) -> Any:
    """What az answers to a question about something in the learner's resource group, read as JSON.

    Args:
        home: the workbook's folder.
        choices: the learner's.
        words: the question, such as "resource", "list".

    Raises:
        NotThere: Azure has nothing of that name.
        NoAnswer: az is not there, or not logged in, or answers something else.
    """
    from workbook.environment import lesson_environment  # needs more than a fresh clone has

    environment = {**os.environ, **lesson_environment(home, choices)}
    if "RG" not in environment:
        raise NoAnswer("Nothing says which resource group is yours: RG is not set.")
    command = ["az", *words, "--resource-group", environment["RG"], "--output", "json"]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=SECONDS_TO_ANSWER
        )
        if done.returncode == 0:
            return json.loads(done.stdout)
    except FileNotFoundError:
        raise NoAnswer("az is not installed.") from None
    except subprocess.TimeoutExpired:
        raise NoAnswer(f"az had no answer within {SECONDS_TO_ANSWER} s.") from None
    except ValueError:
        raise NoAnswer("az answered with something that is not JSON.") from None
    said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    if NOT_FOUND.search(done.stderr):
        raise NotThere(said)
    raise NoAnswer(said, "az login")

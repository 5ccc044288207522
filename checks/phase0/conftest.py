"""What the checks of phase 0 look at: the kept model, facts of it, the API on this machine."""

from pathlib import Path
from typing import Any

import pytest

from workbook.checks.api import Api, ask_phase
from workbook.course.phase import Phase
from workbook.learner.choices import Choices
from workbook.learner.store import read_json
from workbook.outcome import NotStarted

HERE = 'eval "$(./workbook env)"; cd phases/phase0; '
START = HERE + 'uvicorn sentiment.api:app --port "$PORT"'


@pytest.fixture(scope="session")
def manifest(choices: Choices) -> dict[str, Any] | None:
    """The manifest of the kept model, if there is one that can be read."""
    from workbook.course.phase import find_phase, root

    return read_json(find_phase(0, root(), choices.target).directory / "model" / "manifest.json")


@pytest.fixture(scope="module")
def facts(phase: Phase) -> dict[str, Any]:
    """What facts.py finds out about the kept model and the held-out texts."""
    return ask_phase(phase, Path(__file__).with_name("facts.py"))


@pytest.fixture(scope="module")
def api(phase: Phase, choices: Choices) -> Api:
    """The API that the lesson starts."""
    if not (phase.directory / "model").exists():  # whatever answers, it is not from here
        raise NotStarted("train the model first: ./workbook start does, or the lesson")
    from workbook.learner.background import Background  # needs more than a fresh clone has

    ended = [p for p in Background(phase.state).remembered() if not p.process()]
    evidence = f"Its last lines:\n{ended[-1].last_lines()}" if ended else ""
    return Api(f"http://127.0.0.1:{choices.port}", START, evidence)

"""What the checks of phase 0 look at: the kept model, facts of it, the API on this machine."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbook.checks.api import Api, ask_phase
from workbook.course.phase import Phase
from workbook.learner.store import read_json
from workbook.outcome import NotStarted

HERE = 'eval "$(./workbook env)"; cd phases/phase0; '
TRAIN = "train the model first: ./workbook start does, or the lesson"
START = HERE + 'uvicorn sentiment.api:app --port "$PORT"'


@pytest.fixture(scope="session")
def manifest(trained: Phase) -> dict[str, Any] | None:
    """The manifest of the model that answers, if there is one that can be read."""
    return read_json(trained.directory / "model" / "manifest.json")


@pytest.fixture(scope="session")
def facts(trained: Phase) -> dict[str, Any]:
    """What facts.py finds out about the model and the held-out texts."""
    if not (trained.directory / "model").exists():
        raise NotStarted(TRAIN)
    return ask_phase(trained, Path(__file__).with_name("facts.py"))


@pytest.fixture
def api(api: Api, phase: Phase, current: Phase) -> Api:
    """The API of today; where that is still the one that the lesson starts, what is known of it."""
    if current.number != phase.number:
        return api
    if not (phase.directory / "model").exists():  # whatever answers, it is not from here
        raise NotStarted(TRAIN)
    from workbook.learner.background import Background  # needs more than a fresh clone has

    ended = [p for p in Background(phase.state).remembered() if not p.process()]
    evidence = f"Its last lines:\n{ended[-1].last_lines()}" if ended else ""
    return replace(api, start_command=START, evidence=evidence)

"""Fixtures that the checks of every phase share."""

import pytest

from workbook.choices import Choices, load_choices
from workbook.phase import Phase, find_phase, root

pytest_plugins = ["workbook.pytest_plugin"]


@pytest.fixture(scope="session")
def choices() -> Choices:
    """What the learner has chosen."""
    return load_choices(root())


@pytest.fixture(scope="module")
def phase(request: pytest.FixtureRequest, choices: Choices) -> Phase:
    """The phase whose folder the check is in."""
    number = int(request.path.parent.name.removeprefix("phase"))
    return find_phase(number, root(), choices.target)

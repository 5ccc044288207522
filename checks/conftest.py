"""How checks are run and reported, and what those of every phase may look at."""

from typing import TYPE_CHECKING

import pytest

from workbook.course.phase import Phase

if TYPE_CHECKING:
    from checks.phase0.oracle import Oracle

pytest_plugins = ["workbook.checks.plugin", "workbook.checks.fixtures"]


@pytest.fixture(scope="session")
def oracle(trained: Phase) -> "Oracle":
    """What the model that answers says of new sentences."""
    from checks.phase0.oracle import oracle_of

    return oracle_of(trained)

"""The end of the walk: `down` leaves nothing."""

import pytest
from copies import assert_passed
from walk import Walk


@pytest.mark.step("down")
def test_down_leaves_nothing(walk: Walk) -> None:
    removed = walk.cli("down", "--verify", "--yes")
    assert_passed(removed)
    assert "is left" in removed.stdout

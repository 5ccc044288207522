"""What is special to phase 4: the autoscaler."""

from pathlib import Path

import pytest

from workbook.course.phase import Phase
from workbook.measure.load import read_load

pytestmark = pytest.mark.step("after", phase=4)


def test_the_autoscaler_added_pods_and_took_them_away(home: Path) -> None:
    load = read_load(Phase(4, home, "local").state, "autoscaling")
    assert load is not None
    assert load.most > load.fewest == load.last
    assert load.failed == 0

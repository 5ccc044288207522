"""The notebook that comes before lesson 1: it runs on the cluster, and leaves nothing there."""

import pytest
from copies import assert_passed
from walk import Walk

from workbook.targets.opening import open_cluster


@pytest.mark.step("cluster", phase=1)
def test_yaml_and_kubectl_runs_on_a_new_cluster(walk: Walk) -> None:
    home = walk.to(0)
    walk.start_cluster()
    assert_passed(walk.cli("run", "yaml-and-kubectl"))
    assert open_cluster(home, "local").get_one("namespaces", "ten-minutes") is None

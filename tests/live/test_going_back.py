"""The way back through the phases, and the end: rows stay, and `down` leaves nothing."""

from pathlib import Path

import pytest
from checked import outcomes, results
from copies import assert_passed
from walk import Walk

from workbook.outcome import Outcome
from workbook.targets import terraform
from workbook.targets.opening import open_cluster


@pytest.mark.step("back")
def test_going_back_to_phase_2_loses_no_row(walk: Walk, home: Path) -> None:
    cli = walk.cli
    before = _rows(home)
    assert before
    assert_passed(cli("goto", "2", seconds=1800))
    cluster = open_cluster(home, "local")
    assert cluster.get_one("hpa", "ml-api") is None
    assert cluster.get_one("resourcequotas", "ml-demo") is None
    assert cluster.get_one("namespaces", terraform.NAMESPACE) is None
    assert not cluster.within("ml-data").get("networkpolicies")
    assert set(outcomes(home, 2).values()) == {"passed"}
    assert "rows" in results(home, 2)["test_stopped_database_costs_nothing"]["note"]
    assert before <= _rows(home)
    for phase in (3, 4):
        cli("check", f"{phase}")
        assert Outcome.PASSED not in outcomes(home, phase).values()


@pytest.mark.step("down")
def test_down_leaves_nothing(walk: Walk) -> None:
    removed = walk.cli("down", "--verify", "--yes")
    assert_passed(removed)
    assert "is left" in removed.stdout


def _rows(home: Path) -> set[str]:
    """Every row of the record, by what makes it the same row."""
    server = open_cluster(home, "local").within("ml-data")
    words = ["exec", "postgres-0", "--container=postgres", "--", "psql", "--username=postgres"]
    words += ["--dbname=predictions", "--no-align", "--tuples-only"]
    done = server.run(*words, "--command=SELECT instance, sequence FROM predictions")
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())

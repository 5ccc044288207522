"""Phase 4 for real: the lesson runs on a cluster, every check is proved red and green."""

from pathlib import Path

import pytest
from copies import assert_passed, cli_of
from proofs import drill_names, outcomes, prove_drill, results

from workbook.course.phase import Phase
from workbook.measure.load import read_load
from workbook.outcome import Outcome
from workbook.targets import terraform
from workbook.targets.opening import open_cluster

pytestmark = pytest.mark.live


def test_in_the_state_of_phase_3_nothing_of_phase_4_passes(with_phase3: Path) -> None:
    done = cli_of(with_phase3)("check", "4")
    assert done.returncode in (1, 10), done.stdout + done.stderr
    assert Outcome.PASSED not in outcomes(with_phase3, 4).values(), done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_goto_passes_every_check_and_phase_3_still_holds(with_phase4: Path) -> None:
    cli = cli_of(with_phase4)
    assert cli("check", "4").returncode == 0
    assert set(outcomes(with_phase4, 4).values()) == {"passed"}
    assert cli("check", "3").returncode == 0


def test_the_autoscaler_added_pods_and_took_them_away(with_phase4: Path) -> None:
    load = read_load(Phase(4, with_phase4, "local").state, "autoscaling")
    assert load is not None
    assert load.most > load.fewest == load.last
    assert load.failed == 0


@pytest.mark.parametrize("name", drill_names(4))
def test_a_drill_turns_its_check_red_and_back(with_phase4: Path, name: str) -> None:
    prove_drill(with_phase4, 4, name)


def test_going_back_to_phase_2_loses_no_row(with_phase4: Path) -> None:
    """The last one of this file: it leaves the system in phase 2."""
    cli = cli_of(with_phase4)
    before = _rows(with_phase4)
    assert before
    assert_passed(cli("goto", "2", seconds=1800))
    cluster = open_cluster(with_phase4, "local")
    assert cluster.get_one("hpa", "ml-api") is None
    assert cluster.get_one("resourcequotas", "ml-demo") is None
    assert cluster.get_one("namespaces", terraform.NAMESPACE) is None
    assert not cluster.within("ml-data").get("networkpolicies")
    assert set(outcomes(with_phase4, 2).values()) == {"passed"}
    assert "rows" in results(with_phase4, 2)["test_stopped_database_costs_nothing"]["note"]
    assert before <= _rows(with_phase4)
    for phase in (3, 4):
        cli("check", f"{phase}")
        assert Outcome.PASSED not in outcomes(with_phase4, phase).values()


def _rows(home: Path) -> set[str]:
    """Every row of the record, by what makes it the same row."""
    server = open_cluster(home, "local").within("ml-data")
    words = ["exec", "postgres-0", "--container=postgres", "--", "psql", "--username=postgres"]
    words += ["--dbname=predictions", "--no-align", "--tuples-only"]
    done = server.run(*words, "--command=SELECT instance, sequence FROM predictions")
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())

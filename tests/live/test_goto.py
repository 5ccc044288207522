"""`goto` to earlier phases and back again: no row, no answer and no lineage is lost."""

import time
from pathlib import Path
from typing import Any

import pytest
from checked import outcomes
from copies import assert_passed
from walk import Walk

from workbook.learner.choices import load_choices
from workbook.lessons.going_back import added_objects
from workbook.outcome import Outcome
from workbook.targets.opening import open_cluster
from workbook.targets.terraform import root_of

SECONDS = 900


class Kept:
    """What `goto` must not lose."""

    def __init__(self, walk: Walk) -> None:
        self.rows = rows(walk.home)
        self.lineage = root_of(walk.phase(3), load_choices(walk.home)).state()["lineage"]
        state = walk.home / ".workbook/local"
        self.files = {
            path.relative_to(state): path.read_bytes()
            for pattern in ("*/answers.json", "*/traffic-*.json", "*/load-*.json", "authority/*")
            for path in state.glob(pattern)
        }


def rows(home: Path) -> set[str]:
    """Every row of the record, by what makes it the same row."""
    server = open_cluster(home, "local").within("ml-data")
    words = ["exec", "postgres-0", "--container=postgres", "--", "psql", "--username=postgres"]
    words += ["--dbname=predictions", "--no-align", "--tuples-only"]
    done = server.run(*words, "--command=SELECT instance, sequence FROM predictions")
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.step("back")
@pytest.mark.parametrize("path", [(3, 4), (1, 4)], ids=["3-and-4", "1-and-4"])
def test_back_and_forward_again_loses_nothing_and_runs_no_lesson(
    walk: Walk, path: tuple[int, ...], record_property: Any
) -> None:
    before = Kept(walk)
    assert before.rows
    assert before.files
    for number in path:
        began = time.monotonic()
        done = walk.cli("goto", f"{number}", seconds=SECONDS)
        walk.at = number
        assert_passed(done)
        record_property(f"goto {number}", time.monotonic() - began)
        assert "The lesson ran" not in done.stdout
        assert set(outcomes(walk.home, number).values()) == {Outcome.PASSED}
        there = added_objects(walk.phase(1), open_cluster(walk.home, "local"))
        assert there
        assert all(each.phase <= number or each.namespace == "ml-data" for each in there)
        after = Kept(walk)
        assert before.rows <= after.rows
        assert after.lineage == before.lineage
        assert after.files == before.files

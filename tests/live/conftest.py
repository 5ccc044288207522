"""The order of the live tests, which of the proofs are made, and what is said of the others.

One copy of the workbook walks up through the phases. In each, what is true before its lesson comes
first, then the lesson, what else is true of it, the proofs, and a last check.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from copies import clean_environment, copy_workbook
from ledger import Entry, choose, commit, digest, read_ledger, still_holds, write_ledger
from proofs import PHASES, Proof, all_proofs
from walk import Walk

HERE = Path(__file__).parent
# Within a phase; what names no phase comes after the last one.
STEPS = (
    "before",
    "cluster",
    "lesson",
    "after",
    "exercises",
    "proofs",
    "end",
    "site",
    "back",
    "down",
)
CHOSEN = pytest.StashKey[set[Proof]]()
MADE = pytest.StashKey[dict[Proof, pytest.TestReport]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--proof-seconds", type=float, help="make only the proofs that fit in so many seconds"
    )
    parser.addoption("--write-ledger", action="store_true", help="record the proofs that were made")


@pytest.fixture(scope="session")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """The copy of the workbook that walks through the phases."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - clean_environment().keys():
            patch.delenv(name)
        walk = Walk(copy_workbook(tmp_path_factory.mktemp("walk") / "workbook"))
        patch.setenv("WORKBOOK_ROOT", str(walk.home))  # for drills, which run in this process
        yield walk
        walk.cli("down", "--yes")


@pytest.fixture
def home(request: pytest.FixtureRequest, walk: Walk) -> Path:
    """The walking copy, in the state in which the test's phase is complete."""
    return walk.to(_place(request.node)[0])


@pytest.fixture(autouse=True)
def _measured(request: pytest.FixtureRequest, record_property: Any) -> None:
    """Name the phase and the kind of work in the JUnit report."""
    number, step = _place(request.node)
    proof = _proof(request.node)
    record_property("phase", number)
    record_property("kind", f"{proof.kind}s" if proof else STEPS[step])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the live tests last, in the order of the walk; leave out proofs that do not fit."""
    live = sorted((item for item in items if HERE in item.path.parents), key=_place)
    proofs = [proof for item in live if (proof := _proof(item))]
    seconds = config.getoption("proof_seconds", default=None)
    chosen = set(proofs)
    if seconds is not None:
        chosen = choose(proofs, read_ledger(), seconds, seed=commit())
    config.stash[CHOSEN] = set(proofs)
    config.stash[MADE] = {}
    left_out = [item for item in live if (proof := _proof(item)) and proof not in chosen]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in live]
    items += [item for item in live if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    proof = _proof(item)
    if proof and (report.when == "call" or not report.passed):
        item.config.stash[MADE][proof] = report
        if report.passed and item.config.getoption("write_ledger", default=False):
            _record(proof, report.duration)
    return report


def _record(proof: Proof, seconds: float) -> None:
    """Write a proof into the ledger as soon as it is made: a run may be interrupted."""
    entry = Entry(f"{datetime.now(UTC):%Y-%m-%d}", round(seconds, 1), digest(proof))
    names = {str(proof) for proof in all_proofs()}  # one that is gone leaves the ledger
    kept = {name: old for name, old in read_ledger().items() if name in names}
    write_ledger({**kept, str(proof): entry})


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say of every proof whether it was made now; where not, when it was made last."""
    proofs, made = config.stash.get(CHOSEN, set()), config.stash.get(MADE, {})
    if not proofs:
        return
    entries = read_ledger()
    passed = {proof for proof, report in made.items() if report.passed}
    say = terminalreporter.write_line
    terminalreporter.section("proofs")
    say(f"{len(passed)} of {len(proofs)} proofs were made and passed in this run.")
    rest = sorted(proofs - passed, key=lambda proof: (proof.at, str(proof)))
    if rest:
        say(f"{len(rest)} were not. When each was made last:")
    for proof in rest:
        entry = entries.get(str(proof))
        when = f"{entry.proved}" if entry else "never"
        if entry and not still_holds(proof, entries):
            when += ", of something else than what is here now"
        if proof in made:
            when += "; failed or skipped now"
        say(f"  {proof}: {when}")


def _proof(item: pytest.Item) -> Proof | None:
    parameters = getattr(item, "callspec", None)
    return parameters.params.get("proof") if parameters else None


def _place(item: pytest.Item) -> tuple[int, int]:
    """The phase that a test belongs to, and its step in that phase."""
    marker = item.get_closest_marker("step")
    assert marker is not None, f"{item.nodeid}: no pytest.mark.step says where in the walk it is"
    number = marker.kwargs.get("phase", PHASES[-1].number)
    if proof := _proof(item):
        number = proof.at
    elif hasattr(item, "callspec"):
        number = item.callspec.params.get("number", number)
    return number, STEPS.index(marker.args[0])

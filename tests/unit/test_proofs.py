"""A wrong system is put right again whatever happens while it is wrong."""

from pathlib import Path

import proofs
import pytest
from checked import Line
from copies import copy_manifests
from proofs import PHASES, Proof, all_proofs, last_that_asks, prove

from workbook.checks.check import checks_of
from workbook.checks.promises import replaced_by

IMPOSTOR = """
from pathlib import Path

from workbook.checks.check import check
from workbook.drills.impostor import Impostor

LOG = Path(__file__).with_name("log")


def write(word):
    with LOG.open("a") as log:
        log.write(word + " ")


def make(system):
    (system.kept / "object.json").touch()
    write("made")


@check(read="README.md#a")
def test_line():
    \"\"\"A line\"\"\"


IMPOSTORS = {"stub": Impostor("A stub answers.", test_line, make, lambda _: write("undone"))}
"""
PROOF = Proof("impostor", 0, "stub", at=0)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with one phase, which has one impostor."""
    copy_manifests(tmp_path)
    for name in ("phases/phase0/README.md", "checks/phase0/impostors.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(IMPOSTOR)
    return tmp_path


def test_an_impostor_is_made_in_the_last_phase_that_asks_its_check() -> None:
    last = PHASES[-1]
    for old in replaced_by(last):
        for phase in PHASES:
            for function in (f for f, check in checks_of(phase).items() if check.line == old):
                assert phase.number <= last_that_asks(function, phase) < last.number
    assert {proof.at for proof in all_proofs() if proof.kind == "impostor"} >= {last.number}


@pytest.mark.parametrize("seen", [True, False])
def test_an_impostor_is_undone_whether_or_not_it_is_seen(
    home: Path, seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = home / "checks/phase0/log"

    def check_phase(home: Path, number: int) -> dict[str, Line]:
        assert log.read_text() == "made "
        assert seen, "the check passes"
        return {}

    monkeypatch.setattr(proofs, "check_phase", check_phase)
    monkeypatch.setattr(proofs, "assert_only_wrong", lambda lines, named, also: None)
    monkeypatch.setattr(
        proofs, "check_only", lambda home, chain, at: {"check": Line("", "passed", "")}
    )
    if seen:
        prove(home, PROOF)
    else:
        with pytest.raises(AssertionError, match="the check passes"):
            prove(home, PROOF)
    assert log.read_text() == "made undone "
    assert not (home / ".workbook/local/phase0/drill").exists()


def test_proof_fails_if_the_check_fails_after_the_fix(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "check_phase", lambda home, number: {})
    monkeypatch.setattr(proofs, "assert_only_wrong", lambda lines, named, also: None)
    monkeypatch.setattr(
        proofs, "check_only", lambda home, chain, at: {"check": Line("", "wrong", "")}
    )
    with pytest.raises(AssertionError):
        prove(home, PROOF)

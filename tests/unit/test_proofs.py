"""A wrong system is put right again whatever happens while it is wrong."""

from pathlib import Path

import proofs
import pytest
from checked import Line
from proofs import Proof, prove

IMPOSTOR = """
from pathlib import Path

from workbook.drills.impostor import Impostor

LOG = Path(__file__).with_name("log")


def write(word):
    with LOG.open("a") as log:
        log.write(word + " ")


def make(system):
    (system.kept / "object.json").touch()
    write("made")


def check():
    pass


IMPOSTORS = {"stub": Impostor("A stub answers.", check, make, lambda _: write("undone"))}
"""
PROOF = Proof("impostor", 0, "stub", at=0)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with one phase, which has one impostor."""
    for name in ("phases/phase0/README.md", "checks/phase0/impostors.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(IMPOSTOR)
    return tmp_path


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
    monkeypatch.setattr(proofs, "with_what_they_need", lambda named: [named])
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


def test_what_still_fails_after_the_fix_is_no_proof(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "check_phase", lambda home, number: {})
    monkeypatch.setattr(proofs, "assert_only_wrong", lambda lines, named, also: None)
    monkeypatch.setattr(proofs, "with_what_they_need", lambda named: [named])
    monkeypatch.setattr(
        proofs, "check_only", lambda home, chain, at: {"check": Line("", "wrong", "")}
    )
    with pytest.raises(AssertionError):
        prove(home, PROOF)

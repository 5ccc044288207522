"""The ledger of proofs: what a proof depends on, and which proofs are made when time is short."""

from pathlib import Path

import ledger
import pytest
from copies import ROOT
from ledger import Entry, choose, digest, files_of, read_ledger, still_holds, write_ledger
from proofs import Proof, all_proofs

PROOFS = [Proof("drill", 2, name, at=2) for name in ("wrong-password", "disk-full")]
PROOFS += [Proof("drill", 1, name, at=1) for name in ("root-wanted", "registry-gone")]


def entries(seconds: float = 10, **changed: str) -> dict[str, Entry]:
    return {
        str(proof): Entry("2026-11-01", seconds, changed.get(proof.name) or digest(proof))
        for proof in PROOFS
    }


def test_a_proof_depends_on_its_drill_its_check_and_its_phase() -> None:
    names = {str(file.relative_to(ROOT)) for file in files_of(PROOFS[0])}
    assert names >= {
        "drills/phase2/wrong_password.py",
        "drills/phase2/_database.py",
        "checks/phase2/test_database.py",
        "checks/phase2/conftest.py",
        "phases/phase2/sentiment/api.py",
        "src/workbook/drills/objects.py",
        "src/workbook/targets/kubernetes.py",
    }
    assert not names & {"drills/phase2/disk_full.py", "phases/phase2/README.md"}
    assert not any(name.startswith("phases/phase3/") for name in names)


@pytest.mark.parametrize(
    "name",
    [
        "checks/conftest.py",
        "checks/phase0/judge.py",
        "checks/phase1/answer.py",
        "checks/phase1/confined.py",
        "checks/phase2/from_the_pod.py",
        "src/workbook/checks/plugin.py",
        "tests/support/checked.py",
        "tests/support/proofs.py",
    ],
)
def test_a_proof_depends_on_what_is_run_by_path_or_by_name(name: str) -> None:
    assert ROOT / name in files_of(PROOFS[0])
    assert (ROOT / name).is_file()


def test_a_proof_does_not_depend_on_later_checks_and_other_impostors() -> None:
    files = files_of(PROOFS[0])
    assert not [file for file in files if file.name == "impostors.py"]
    assert not [file for file in files if ROOT / "checks/phase3" in file.parents]
    impostor = next(proof for proof in all_proofs() if proof.kind == "impostor")
    assert ROOT / f"checks/phase{impostor.phase}/impostors.py" in files_of(impostor)


def test_a_changed_file_makes_a_proof_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = entries()
    assert still_holds(PROOFS[0], kept)
    contents = ledger._digest_of

    def changed(file: Path) -> str:
        return "other" if file.name == "wrong_password.py" else contents(file)

    monkeypatch.setattr(ledger, "_digest_of", changed)
    assert not still_holds(PROOFS[0], kept)
    assert still_holds(PROOFS[1], kept)


def test_what_no_longer_holds_is_proved_first() -> None:
    for seed in "abcdef":
        assert choose(PROOFS, entries(**{"disk-full": "old"}), 10, seed) == {PROOFS[1]}


def test_a_proof_that_was_never_made_is_left_to_the_full_run() -> None:
    kept = entries(seconds=1)
    del kept[str(PROOFS[1])]
    assert choose(PROOFS, kept, 100, "a") == {*PROOFS} - {PROOFS[1]}


def test_a_proof_that_does_not_fit_leaves_its_time_to_those_that_fit() -> None:
    kept = entries(seconds=10)
    kept[str(PROOFS[0])] = Entry("2026-11-01", 1000, "old")
    for seed in "abcdef":
        assert choose(PROOFS, kept, 30, seed) == set(PROOFS[1:])


def test_other_commits_prove_others_and_every_proof_has_its_turn() -> None:
    kept = entries()
    turns = [choose(PROOFS, kept, 20, seed) for seed in "abcdefghijklmnop"]
    assert {len(turn) for turn in turns} == {2}
    assert set().union(*turns) == set(PROOFS)
    assert turns[0] == choose(PROOFS, kept, 20, "a")


def test_the_ledger_is_kept_and_read(tmp_path: Path) -> None:
    file = tmp_path / "ledger.json"
    assert read_ledger(file) == {}
    write_ledger(entries(), file)
    assert read_ledger(file) == entries()


def test_the_committed_ledger_names_proofs_that_there_are() -> None:
    assert set(read_ledger()) <= {str(proof) for proof in all_proofs()}

"""How a check is proved: it says "wrong" on a wrong system, and passes when that is right again."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checked import (
    CheckFunction,
    assert_only_wrong,
    check_only,
    check_phase,
    of_check,
    with_what_they_need,
)
from copies import ROOT

from workbook.checks.promises import replaced_by
from workbook.course.phase import Phase, find_phase, phases
from workbook.drills.drill import System
from workbook.drills.impostor import impostors_of
from workbook.drills.of_phase import Drills
from workbook.learner.background import Background
from workbook.learner.choices import Choices, load_choices
from workbook.outcome import Outcome

PHASES = phases(ROOT, "local")


@dataclass(frozen=True)
class Proof:
    """A wrong system, made in the state in which a phase is complete."""

    kind: str  # "drill", which a learner begins, or "impostor"
    phase: int  # that it belongs to
    name: str
    at: int  # the phase that is complete

    def __str__(self) -> str:
        return f"phase{self.phase}-{self.kind}-{self.name}"


def drill_names(number: int, target: str = "local") -> list[str]:
    """The drills of a phase on a target."""
    phase = find_phase(number, ROOT, target)
    return list(Drills(System(phase, Choices(), Background(phase.state))).of_target())


def all_proofs() -> list[Proof]:
    """Every drill of the local target, and every impostor, in the order in which they are made."""
    drills = [
        Proof("drill", phase.number, name, at=phase.number)
        for phase in PHASES
        for name in drill_names(phase.number)
    ]
    impostors = [
        Proof("impostor", phase.number, name, at=last_that_asks(impostor.turns_red, phase))
        for phase in PHASES
        for name, impostor in impostors_of(phase).items()
    ]
    return drills + impostors


def last_that_asks(function: CheckFunction, own: Phase) -> int:
    """The number of the last phase in which the line of a check still holds."""
    line = of_check(function).line
    later = (phase for phase in PHASES if phase.number >= own.number)
    return max(phase.number for phase in later if line not in replaced_by(phase))


def prove(home: Path, proof: Proof) -> None:
    """The named check says what is wrong and no other does; put back, it passes again."""
    phase = find_phase(proof.at, home, "local")
    system = System(phase, load_choices(home), Background(phase.state))
    with _made(system, proof) as (named, also):
        assert_only_wrong(check_phase(home, proof.at), named, also)
    replaced = replaced_by(phase)
    chain = [each for each in with_what_they_need(named) if of_check(each).line not in replaced]
    again = check_only(home, chain, proof.at)
    assert len(again) == len(chain)
    assert {line for line in again.values() if line.outcome != Outcome.PASSED} == set()


@contextmanager
def _made(
    system: System, proof: Proof
) -> Iterator[tuple[CheckFunction, tuple[CheckFunction, ...]]]:
    """Make a wrong system, then the right one again; gives the checks it turns red."""
    if proof.kind == "drill":
        drills = Drills(system)
        drill = drills.load(proof.name)
        try:
            drills.begin(proof.name)
            yield drill.turns_red, drill.also
        finally:
            if drills.under_way():
                drills.fix()
    else:
        phase = find_phase(proof.phase, system.phase.root, "local")
        impostor = impostors_of(phase)[proof.name]
        try:
            impostor.make(system)
            yield impostor.turns_red, impostor.also
        finally:
            impostor.undo(system)
            shutil.rmtree(system.kept)

"""How a phase is proved on a live system, the same for every phase."""

import json
from pathlib import Path
from typing import Any

from copies import ROOT, cli_of

from workbook.course.phase import Phase
from workbook.drills.drill import Drills, System
from workbook.learner.background import Background
from workbook.learner.choices import Choices


def results(home: Path, number: int) -> dict[str, dict[str, Any]]:
    """What the last checks of a phase came to, by check."""
    kept = json.loads((home / f".workbook/local/phase{number}/checks.json").read_text())
    return {result["name"]: result for result in kept["results"]}


def outcomes(home: Path, number: int) -> dict[str, str]:
    return {name: result["outcome"] for name, result in results(home, number).items()}


def drill_names(number: int, target: str = "local") -> list[str]:
    phase = Phase(number, ROOT, target)
    return list(Drills(System(phase, Choices(), Background(phase.state))).of_target())


def prove_drill(home: Path, number: int, name: str) -> None:
    """A drill turns exactly the check that it names wrong, with reasons; its fix mends it."""
    cli = cli_of(home)
    phase = Phase(number, home, "local")
    drill = Drills(System(phase, Choices(), Background(phase.state))).load(name)
    named = drill.turns_red.__name__

    begun = cli("drill", f"{number}", name)
    try:
        assert begun.returncode == 0, begun.stderr
        done = cli("check", f"{number}")
        found = results(home, number)
        wrong = {check for check, result in found.items() if result["outcome"] == "wrong"}
        assert wrong == {named}, done.stdout
        assert done.returncode == 1
        rows = found[named]["rows"]
        assert list(rows) == ["expected", "found", "why", "run next", "read"]
        assert all(rows.values())
        # what cannot be known now, says that it waits for another check
        waiting = {c: r for c, r in found.items() if r["outcome"] == "cannot be known here"}
        for result in waiting.values():
            assert "cannot check until" in result["rows"]["cannot be known"]
        assert "Traceback" not in done.stdout
        assert "under way" in cli("drill", f"{number}").stdout
        assert "Hint 1 of" in cli("drill", f"{number}", "--hint").stdout
        assert "Hint 2 of" in cli("drill", f"{number}", "--hint").stdout
        assert "is under way" in cli("drill", f"{number}", name).stderr
    finally:
        fixed = cli("drill", f"{number}", "--fix")
    assert fixed.returncode == 0, fixed.stderr
    again = cli("check", f"{number}")
    assert again.returncode == 0, again.stdout
    assert set(outcomes(home, number).values()) == {"passed"}

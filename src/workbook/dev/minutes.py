"""What the live tests took, by phase and kind of work, from their JUnit report."""

from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree


def seconds_by_kind(report: Path) -> dict[tuple[str, str], float]:
    """The seconds of every test of a report, added up by the phase and kind that it names."""
    took: dict[tuple[str, str], float] = defaultdict(float)
    for case in ElementTree.parse(report).iter("testcase"):
        named = {p.get("name", ""): p.get("value", "") for p in case.iter("property")}
        if "kind" in named:
            took[named["phase"], named["kind"]] += float(case.get("time", 0))
    return took


def seconds_by_move(report: Path) -> list[tuple[str, float]]:
    """The moves between phases that the tests of a report made, and the seconds of each."""
    properties = ElementTree.parse(report).iter("property")
    named = [(p.get("name", ""), p.get("value", "")) for p in properties]
    return [(name, float(value)) for name, value in named if name.startswith("goto ")]


def table_of(took: dict[tuple[str, str], float]) -> str:
    """Minutes as text: a line for each phase, a column for each kind."""
    phases = sorted({phase for phase, _ in took})
    kinds = list(dict.fromkeys(kind for _, kind in took))
    lines = [["minutes", *kinds, "sum"]]
    for phase in phases:
        row = [took.get((phase, kind), 0) for kind in kinds]
        lines.append([f"phase {phase}", *map(_minutes, [*row, sum(row)])])
    sums = [sum(took.get((phase, kind), 0) for phase in phases) for kind in kinds]
    lines.append(["sum", *map(_minutes, [*sums, sum(sums)])])
    return "\n".join(f"{first:10}" + "".join(f"{n:>11}" for n in row) for first, *row in lines)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f}" if seconds else "-"

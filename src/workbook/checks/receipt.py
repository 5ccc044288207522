"""Receipts: what was run and checked, when, and with which tools."""

import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from workbook import __version__
from workbook.checks.check import read_results
from workbook.course.phase import Phase
from workbook.errors import WorkbookError
from workbook.learner.drills import Ended, read_ended
from workbook.learner.runs import read_run
from workbook.learner.store import moment, write_json
from workbook.programs import run
from workbook.targets.local.cluster import Cluster

SECONDS_TO_ANSWER = 60
PACKAGES = ("fastapi", "joblib", "nbclient", "numpy", "pytest", "scikit-learn", "uvicorn")


def make_receipt(phase: Phase) -> dict[str, Any]:
    """Write the receipt of a phase as JSON and Markdown, and return it.

    Raises:
        WorkbookError: the phase has not been checked.
    """
    checks = read_results(phase)
    if checks is None:
        raise WorkbookError(
            f"Phase {phase.number} has not been checked, so there is nothing to certify.",
            f"./workbook check {phase.number}",
        )
    run = read_run(phase.state)
    receipt = {
        "phase": phase.number,
        "target": phase.target,
        "written": moment(),
        "passed": checks.passed,
        "of": len(checks.results),
        "workbook": {"version": __version__, "commit": _commit(phase.root)},
        "machine": {
            "system": platform.platform(terse=True),
            "architecture": platform.machine(),
            "python": platform.python_version(),
        },
        "packages": {name: _version(name) for name in PACKAGES},
        "cluster": _cluster(phase),
        "lesson": asdict(run) if run else None,
        "checked": checks.checked,
        "checks": [asdict(result) for result in checks.results],
        "broken_promises": checks.broken,
        "drills": [asdict(drill) for drill in read_ended(phase).values()],
    }
    write_json(phase.state / "receipt.json", receipt)
    (phase.state / "receipt.md").write_text(_as_markdown(receipt), encoding="utf-8")
    return receipt


def _as_markdown(receipt: dict[str, Any]) -> str:
    lines = [
        f"# Receipt: phase {receipt['phase']} on {receipt['target']}",
        "",
        f"{receipt['passed']} of {receipt['of']} checks passed, at {receipt['checked']}.",
        "",
        "| line | outcome | seen | seconds |",
        "| --- | --- | --- | --- |",
    ]
    for result in receipt["checks"]:
        seen = result["note"] or "; ".join(f"{k} {v}" for k, v in result["rows"].items())
        seen = seen.replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {result['line']} | {result['outcome']} | {seen} | {result['seconds']} |")
    if broken := receipt["broken_promises"]:
        lines += ["", "Promised by an earlier phase, and not so any more:", ""]
        lines += [f"- {line}" for line in broken]
    if run := receipt["lesson"]:
        ended = "to its end" if run["complete"] else "and stopped before its end"
        lines += ["", f"The lesson ran at {run['started']}, in {run['seconds']} s, {ended}:", ""]
        lines += [f"- {section['name']}: {section['seconds']} s" for section in run["sections"]]
    if drills := [Ended(**drill) for drill in receipt["drills"]]:
        lines += ["", "Drills:", "", *(f"- {drill.name}: {drill.how}" for drill in drills)]
    machine = receipt["machine"]
    lines += [
        "",
        f"Workbook {receipt['workbook']['version']} at {receipt['workbook']['commit']}, "
        f"Python {machine['python']}, {machine['system']} {machine['architecture']}; "
        + ", ".join(f"{name} {number}" for name, number in receipt["packages"].items())
        + ".",
    ]
    if cluster := receipt["cluster"]:
        parts = ", ".join(f"{name} {number}" for name, number in cluster.items())
        lines += ["", f"Cluster: {parts}."]
    return "\n".join(lines) + "\n"


def _cluster(phase: Phase) -> dict[str, str]:
    """The local cluster and the tools that made it; empty where the phase has not used it."""
    from workbook.targets.local.engine import EngineUnusable, find_engine
    from workbook.targets.local.versions import versions

    record = Cluster(phase.root).record()
    if not phase.has("cluster") or phase.target != "local" or record is None:
        return {}
    try:
        engine = find_engine(phase.root)
        docker = engine.run("version", "--format={{.Server.Version}}").stdout.strip()
    except EngineUnusable:
        docker = "not running"
    return {
        "kubernetes": record.kubernetes,
        "kubectl": record.kubernetes,  # built from the same source
        "kind": versions().kind,
        "docker": docker,
        "node image": record.node_image,
        **(_terraform() if phase.has("terraform") else {}),
    }


def _terraform() -> dict[str, str]:
    from workbook.targets.local import provider
    from workbook.targets.terraform import version

    found = ".".join(map(str, version() or ())) or "not installed"
    return {"terraform": found, "its provider kubectl": provider.version()}


def _commit(home: Path) -> str:
    command = ["git", "-C", str(home), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = run(command, SECONDS_TO_ANSWER)
    except FileNotFoundError:
        return "a copy without git"
    return done.stdout.strip() if done.returncode == 0 else "a copy without git"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"

"""The page that bench/phases.py leaves."""

import argparse
from collections.abc import Callable
from datetime import date
from statistics import median, quantiles

from machine import our_versions, wrk_version
from server import Load
from subjects import GUIDE, GUIDES, PEERS, peer_version

Cells = dict[tuple[str, int], list[Load]]  # by subject and connections, a load each round
BARE = {"one": "one by one", "together": "64 at once"}  # the model with no server around it
LOGGED = "phase 4 + log"
GOAL_MS, OF_MS = 0.35, 0.99  # for it, on a machine where the guide's phase 0 takes so much
GOAL_LOG = 1.05
WAYS: dict[str, Callable[[Load], float]] = {
    "CPU": lambda load: load.cpu_ms + load.database_ms,
    "answers per second": lambda load: 1 / load.per_second,
    "p50": lambda load: load.p50_ms,
    "p99": lambda load: load.p99_ms,
}


def page(cells: Cells, options: argparse.Namespace, machine: str) -> str:
    """The whole page, in Markdown."""
    parts = [
        "# What an answer costs",
        f"`POST /predict`, measured on {date.today():%d %B %Y} by `bench/phases.py`, which wrote "
        "this page, beside the guide's phases, and beside other servers with our model.",
    ]
    for connections in options.connections:
        parts.append(f"## With {connections} connection{'s' if connections > 1 else ''}")
        parts.append(_table(cells, connections))
    parts += [
        "## With no server",
        _bare(cells),
        "## What the log adds",
        _log(cells, options.connections),
        "## Against the goals",
        _goals(cells, options.connections),
        "## Where ours is worse",
        _worse(cells, options.connections),
        "## Method",
        _method(options),
        "## Machine",
        f"{machine}. Load generator, database and servers share it.",
    ]
    return "\n\n".join(parts) + "\n"


def _table(cells: Cells, connections: int) -> str:
    lines = [
        "| | CPU ms per answer: min / median / max | of the database | to the guide's phase 0 "
        "| answers per second | p50 ms | p99 ms | rows of answers | errors |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in dict.fromkeys(name for name, at in cells if at == connections):
        loads = cells[name, connections]
        ratios = _ratios(cells, name, GUIDE, connections, lambda load: load.cpu_ms)
        database = rows = "-"
        if loads[0].rows is not None:
            database = f"{median(load.database_ms for load in loads):.2f}"
            written = sum(load.rows or 0 for load in loads)
            # what was under way when the load ended is written, and is no answer
            rows = _percent(min(1, written / sum(load.answers for load in loads)))
        lines.append(
            f"| {name} | {_spread([load.cpu_ms for load in loads])} | {database} "
            f"| {f'{median(ratios):.2f}' if ratios else '-'} "
            f"| {median(load.per_second for load in loads):,.0f} "
            f"| {median(load.p50_ms for load in loads):.1f} "
            f"| {median(load.p99_ms for load in loads):.1f} "
            f"| {rows} | {sum(load.errors for load in loads)} |"
        )
    return "\n".join(lines)


def _bare(cells: Cells) -> str:
    lines = [
        "| | CPU ms per text: min / median / max | texts per second |",
        "| --- | ---: | ---: |",
    ]
    for name in BARE.values():
        loads = cells[name, 0]
        lines.append(
            f"| phase 4's model, {name} | {_spread([load.cpu_ms for load in loads], 3)} "
            f"| {median(load.per_second for load in loads):,.0f} |"
        )
    return "\n".join(lines)


def _log(cells: Cells, at: list[int]) -> str:
    lines = [
        "With the log, divided by without it in the same round: median, and the values between "
        "which half of the rounds are; if 1 is between them, call it no difference. The first "
        "two are CPU per answer.",
        "| | connections | server | server and database | answers per second |\n"
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for phase in ("phase 2", "phase 4"):
        for connections in at:
            columns = [
                _ratios(cells, f"{phase} + log", phase, connections, way)
                for way in (
                    lambda load: load.cpu_ms,
                    WAYS["CPU"],
                    lambda load: load.per_second,
                )
            ]
            if columns[0]:
                cells_of_row = " | ".join(_middle(ratios) for ratios in columns)
                lines[1] += f"\n| {phase} | {connections} | {cells_of_row} |"
    return "\n\n".join(lines)


def _goals(cells: Cells, at: list[int]) -> str:
    lines = []
    for connections in at:
        cpu = _ratios(cells, LOGGED, GUIDE, connections, lambda load: load.cpu_ms)
        if not cpu:
            return "The guide was not measured: give its file with `--brief`."
        if connections > 1:
            goal = GOAL_MS / OF_MS
            lines.append(
                f"- {LOGGED}, {connections} connections: at most {goal:.2f} of the CPU of the "
                f"guide's phase 0, which has no log. Found {median(cpu):.2f}: "
                f"{_verdict(median(cpu) <= goal)}."
            )
            log = _ratios(cells, LOGGED, "phase 4", connections, lambda load: load.cpu_ms)
            lines.append(
                f"- The log, {connections} connections: at most {_percent(GOAL_LOG - 1)} of the "
                f"server's CPU. Found {_percent(median(log) - 1)}: "
                f"{_verdict(median(log) <= GOAL_LOG)}."
            )
        else:
            p50 = _ratios(cells, LOGGED, GUIDE, connections, WAYS["p50"])
            lines.append(
                f"- {LOGGED}, 1 connection: not slower than the guide's phase 0. Its p50 is "
                f"{median(p50):.2f} of the guide's, its CPU {median(cpu):.2f}: "
                f"{_verdict(median(p50) <= 1)}."
            )
    return "\n".join(lines)


def _worse(cells: Cells, at: list[int]) -> str:
    others = [name for name, _ in cells if name.startswith(("the guide", *PEERS))]
    pairs = [("phase 0", GUIDE), *(("phase 2 + log", name) for name in GUIDES)]
    pairs += [(LOGGED, name) for name in dict.fromkeys(others)]
    lines = []
    for ours, theirs in pairs:
        found = [
            f"{what} at {connections} ({median(ratios):.1f} times)"
            for connections in at
            for what, way in WAYS.items()
            if (ratios := _ratios(cells, ours, theirs, connections, way)) and median(ratios) > 1
        ]
        if found:
            lines.append(f"- {ours}, against {theirs}: {', '.join(found)}")
    head = "In the median of the rounds, the database's CPU included"
    return f"{head}:\n\n" + "\n".join(lines) if lines else f"{head}: nowhere."


def _method(options: argparse.Namespace) -> str:
    peers = ", ".join(f"{name} {peer_version(name)}" for name in PEERS)
    steps = [
        f"{options.rounds} rounds of {options.seconds} s for each cell. Each round starts every "
        "server afresh and warms it up for a second; then one at a time is put to load, all of "
        "them with the same number of connections before the next number, every second round "
        f"backwards. The load comes from {wrk_version()}, over 127.0.0.1, with the "
        "16 sentences of `bench/questions.txt`.",
        "*CPU ms* is the processor time of all the server's processes, divided by the answers; "
        "that of the database's processes is beside it. *To the guide's phase 0* is CPU ms, "
        "divided in the same round; median of the rounds. The other columns are medians.",
        "Judge by the ratios. A machine that does other things makes everything slower, CPU time "
        "too, and not everything equally.",
        "*+ log*: the prediction log, into a PostgreSQL beside it. All who log do so by TLS, into "
        "the same server, which confirms a commit when it is on the disk. *Rows of answers*: how "
        "many of the answers are in the table half a second later.",
        "Ours: one process each, phases 2 and 4 with a line of JSON for each request. "
        f"{our_versions()}.",
        "The guide's phases are cut out of the guide when this runs, and started as it says, "
        "without `--reload`, each with its own pins and its own model. For phase 2, its new "
        "`predict` takes the place of the old one. Phase 6 finds the table that the guide's steps "
        "leave.",
        f"The other servers answer with phase 4's model and its code (`bench/peers/`): {peers}. "
        "Plain, a text is judged alone; *batching* is their own, of at most 64 texts, with a wait "
        "of 2 ms where one can be set. MLServer takes lists, and so does BentoML when it batches: "
        "here of one text. They do less than ours: no bound of the body, no request id, no log of "
        "predictions.",
    ]
    return "\n".join(f"- {step}" for step in steps)


def _ratios(
    cells: Cells, ours: str, theirs: str, connections: int, way: Callable[[Load], float]
) -> list[float]:
    """One divided by the other, round by round; none if one of them was not measured."""
    pair = cells.get((ours, connections), []), cells.get((theirs, connections), [])
    return [way(our) / way(their) for our, their in zip(*pair, strict=False)]


def _spread(values: list[float], digits: int = 2) -> str:
    low, middle, high = min(values), median(values), max(values)
    return f"{low:.{digits}f} / **{middle:.{digits}f}** / {high:.{digits}f}"


def _middle(ratios: list[float]) -> str:
    if len(ratios) < 2:
        return f"{ratios[0]:.2f}"
    low, middle, high = quantiles(ratios, n=4)
    return f"{low:.2f} / **{middle:.2f}** / {high:.2f}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _verdict(met: bool) -> str:
    return "met" if met else "**missed**"

"""The page that a run of the benchmark leaves: what was measured, how, and what came out."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

import psutil
from server import Load, find_wrk

OURS = "ours"
OURS_LOGGED = "ours, with access log"
GUIDE = "the guide's phase-0 code"
FLOOR = "our model alone, no HTTP"
OUR_PACKAGES = ("fastapi", "uvicorn", "uvloop", "httptools", "pydantic", "scikit-learn", "numpy")


@dataclass(frozen=True)
class Cell:
    """One measurement: who, with how many connections, in which round."""

    round: int
    subject: str
    connections: int  # 0 where there is no HTTP
    load: Load


def machine() -> str:
    """The machine in a line, without its name; its load is the one of this moment."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{psutil.cpu_count()} cores ({model}), {memory:.0f} GiB of memory, {platform.system()}, "
        f"Python {platform.python_version()}. Load average before the run: {os.getloadavg()[0]:.1f}"
    )


def render(
    cells: Sequence[Cell], *, machine: str, seconds: float, rounds: int, pins: Sequence[str]
) -> str:
    """The whole page, in Markdown; `pins` are the guide's, none if it was not measured."""
    versions = ", ".join(f"{name} {version(name)}" for name in OUR_PACKAGES)
    failures = sum(cell.load.errors for cell in cells)
    parts = [
        "# What an answer costs",
        f"Phase 0's `POST /predict`, measured on {date.today():%d %B %Y}. `bench/predict.py` wrote "
        "this page. Run it on your machine, for your figures will differ:",
        f"```bash\n.venv/bin/python bench/predict.py --rounds {rounds} --seconds {seconds:g}"
        f"{' --brief GUIDE.md' if pins else ''}\n```",
        "## Result",
        _results(cells),
        f"Errors: **{failures:,}**. " + _judge(failures),
        "CPU ms is the processor time of the server's processes, divided by the answers: least, "
        "median and most of the rounds. The other columns are medians. `p50` and `p99`: half, and "
        "99 in 100, of the answers took no longer.",
    ]
    parts += _comparison(cells)
    parts += ["## How to read it", _reading(cells, bool(pins))]
    parts += ["## Method", _method(seconds, rounds, versions, pins)]
    parts += ["## Machine", f"{machine}. Load generator and servers share it."]
    return "\n\n".join(parts) + "\n"


def _results(cells: Sequence[Cell]) -> str:
    rows = [
        "| | connections | CPU ms per answer: min / median / max | answers per second | p50 ms "
        "| p99 ms |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for subject, connections in _kinds(cells):
        loads = _loads(cells, subject, connections)
        cpu = [load.cpu_ms for load in loads]
        rows.append(
            f"| {subject} | {connections or '-'} "
            f"| {min(cpu):.2f} / **{median(cpu):.2f}** / {max(cpu):.2f} "
            f"| {median(load.per_second for load in loads):,.0f} "
            f"| {median(load.p50_ms for load in loads):,.1f} "
            f"| {median(load.p99_ms for load in loads):,.1f} |"
        )
    return "\n".join(rows)


def _comparison(cells: Sequence[Cell]) -> list[str]:
    ratios: list[str] = []
    worse: list[str] = []
    for subject, connections in _kinds(cells):
        theirs = _loads(cells, GUIDE, connections)
        if subject == GUIDE or not theirs:
            continue
        pairs = list(zip(_loads(cells, subject, connections), theirs, strict=True))
        cpu = [our.cpu_ms / their.cpu_ms for our, their in pairs]
        rate = median(our.per_second / their.per_second for our, their in pairs)
        p50 = median(our.p50_ms / their.p50_ms for our, their in pairs)
        p99 = median(our.p99_ms / their.p99_ms for our, their in pairs)
        ratios.append(
            f"| {subject} | {connections} "
            f"| {min(cpu):.2f} / **{median(cpu):.2f}** / {max(cpu):.2f} "
            f"| {rate:.2f} | {p50:.2f} | {p99:.2f} |"
        )
        ways = {"CPU ms": median(cpu), "answers per second": 1 / rate, "p50": p50, "p99": p99}
        worse += [
            f'{way} of "{subject}" at {connections}' for way, ratio in ways.items() if ratio > 1
        ]
    if not ratios:
        return [
            "The guide's phase-0 code was not measured: it is not part of this repository. Give "
            "the file that has it with `--brief`."
        ]
    head = [
        "| | connections | CPU ms per answer: min / median / max | answers per second | p50 "
        "| p99 |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    return [
        "## Against the guide's phase-0 code",
        "Ours divided by the guide's of the same round; medians of the rounds, unless it says "
        "otherwise. Below 1 is better for ours, except for answers per second.",
        "\n".join(head + ratios),
        f"Where ours is worse: {'; '.join(worse) or 'nowhere'}.",
    ]


def _reading(cells: Sequence[Cell], compared: bool) -> str:
    cpu, rate = [], []
    for kind in _kinds(cells):
        loads = _loads(cells, *kind)
        cpu.append(max(x.cpu_ms for x in loads) / min(x.cpu_ms for x in loads))
        rate.append(max(x.per_second for x in loads) / min(x.per_second for x in loads))
    text = (
        "Judge by CPU ms per answer: whatever else runs on the machine takes time from the server, "
        "and so moves answers per second and both percentiles more. CPU ms is not free of it, for "
        "busy cores slow each other down. In this run, the same row differed between rounds by "
        "up to "
        f"{max(cpu):.1f} times in CPU ms (median of the rows {median(cpu):.1f}), and by up to "
        f"{max(rate):.1f} times in answers per second (median {median(rate):.1f})."
    )
    if compared:
        text += (
            "\n\nSo compare within a round, where both met nearly the same noise: if the least and "
            "the most of a ratio lie on different sides of 1, call it no difference."
            "\n\nThe two do not do the same work. Ours knows more words, tells its confidence, the "
            "known words and the model's version, bounds the body, answers in the event loop, and "
            "runs on newer libraries. The guide's answers with the label alone, and hands each "
            "question to a thread. It logs each access, as it does when started with its own "
            "command: compare it with "
            f'"{OURS_LOGGED}" to leave the log out of it.'
        )
    return text


def _method(seconds: float, rounds: int, versions: str, pins: Sequence[str]) -> str:
    steps = [
        f"Rounds: {rounds}. Each starts every server afresh, asks it one question and warms it up "
        f"for a second. Then one server at a time is loaded for {seconds:g} s: all of them with 1 "
        "connection, then with 8, then with 64. The others wait, which costs them nothing. Each "
        "round begins with the next server. The bare model comes last.",
        f"The load comes from {wrk_version()}, in one thread, over 127.0.0.1: each connection "
        "asks again as soon as it has its answer. The 16 sentences of `bench/questions.txt` take "
        "turns.",
        "An error is any answer but 2xx or 3xx, a failed connection, read or write, or an answer "
        "after 5 s.",
        f'"{OURS}" is `uvicorn sentiment.api:app --no-access-log`, one process, with a model that '
        "`python -m sentiment.train` has just trained, its settings being the defaults. "
        f'"{OURS_LOGGED}" is the command of the lesson; the log goes to a file. {versions}.',
        f'"{FLOOR}" calls the function behind `/predict` in a loop, in one thread: no HTTP, no '
        "JSON.",
    ]
    if pins:
        steps.append(
            f'"{GUIDE}" is cut out of the guide when the benchmark runs, and started as it says, '
            "without `--reload`. It has its own virtual environment with its own versions: "
            f"{', '.join(pin.replace('==', ' ') for pin in pins)}. Where its training file asks "
            "for 20-30 more examples, it gets the 26 of `bench/more_examples.csv`."
        )
    return "\n".join(f"- {step}" for step in steps)


def _judge(failures: int) -> str:
    if failures:
        return "There should be none: **do not use these figures.**"
    return "Every question was answered."


def _kinds(cells: Sequence[Cell]) -> list[tuple[str, int]]:
    """Every row of the table, in its order."""
    order = {name: place for place, name in enumerate((OURS, OURS_LOGGED, GUIDE, FLOOR))}
    kinds = {(cell.subject, cell.connections) for cell in cells}
    return sorted(kinds, key=lambda kind: (order[kind[0]], kind[1]))


def _loads(cells: Sequence[Cell], subject: str, connections: int) -> list[Load]:
    wanted = [cell for cell in cells if (cell.subject, cell.connections) == (subject, connections)]
    return [cell.load for cell in sorted(wanted, key=lambda cell: cell.round)]


def wrk_version() -> str:
    done = subprocess.run([find_wrk(), "-v"], capture_output=True, text=True)
    found = re.search(r"\d[\w.]*", done.stdout + done.stderr)
    return f"wrk {found[0]}" if found else "wrk"

"""What was done with each step of a lesson on Azure: run, built, parsed here, or not run."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from workbook.course.lesson import anchors, title_of
from workbook.course.phase import Lesson
from workbook.lessons.cells import TARGET
from workbook.site.az_lines import statements
from workbook.site.az_requests import FILE, Line, lines_of

MARKS = RUN, BUILT, PARSED, NOT_RUN = "run here", "built here", "parsed here", "not run"

PARTS = re.compile(  # a heading, a cell, or an item of a list that is an az line
    r"^(?P<heading>## .+)$|^```(?:bash|python)\n(?P<cell>(?s:.*?))^```$|^- `(?P<item>az .+)`$",
    re.MULTILINE,
)
LONGEST = 60


@dataclass(frozen=True)
class Step:
    """A step, under the heading of its section."""

    heading: str
    text: str
    mark: str
    requests: list[str] = field(default_factory=list)


def steps(lesson: str) -> list[Step]:
    """What a learner on Azure does, in order; a cell for both targets is one step."""
    found = []
    heading = ""
    for part in PARTS.finditer(lesson):
        target = TARGET.search(part["cell"] or "")
        if part["heading"]:
            heading = part["heading"]
        elif part["item"]:
            found += [Step(heading, *step) for step in _commands(part["item"])]
        elif target is None:
            found.append(Step(heading, part["cell"], RUN))
        elif target[1] == "azure":
            found += [Step(heading, *step) for step in _commands(part["cell"])]
    return found


def built(found: Iterable[Step], lines: Iterable[Line]) -> Iterator[Step]:
    """The steps, with the requests that azure-cli built for their `az` lines.

    Raises:
        ValueError: the requests are those of other lines.
    """
    left = iter(lines)
    for step in found:
        if step.mark != PARSED:
            yield step
            continue
        line = next(left, None)
        if line is None or line.command != step.text:
            raise ValueError(
                f"{FILE} has no requests of `{step.text}` at its place. "
                "Build them again: see tests/azure/az/record.py"
            )
        if line.requests is None:
            yield step
        else:
            yield replace(step, mark=BUILT, requests=line.requests)


def steps_of(lesson: Lesson) -> list[Step]:
    """The steps of a lesson, each with what was done with it."""
    file = lesson.lesson.relative_to(lesson.root).as_posix()
    text = lesson.lesson.read_text(encoding="utf-8")
    return [*built(steps(text), lines_of(lesson.root).get(file, []))]


def in_numbers(found: Iterable[Step]) -> str:
    """How many steps have which mark."""
    counts = Counter(step.mark for step in found)
    return ", ".join(f"{counts[mark]} {mark}" for mark in MARKS if counts[mark])


def page_of(lesson: Lesson) -> str:
    """The part of the page that is about one lesson."""
    found = steps_of(lesson)
    title = title_of(lesson.lesson.read_text(encoding="utf-8"))
    rows = ["| Section | Step | Mark | Request |", "| --- | --- | --- | --- |"]
    for heading in dict.fromkeys(step.heading for step in found):
        section = f"[{heading[3:]}](lessons/{lesson.name}.md#{min(anchors(heading))})"
        here = [step for step in found if step.heading == heading]
        if shared := [step for step in here if step.mark == RUN]:
            cells = "1 cell" if len(shared) == 1 else f"{len(shared)} cells"
            rows.append(f"| {section} | {cells}, the same on both targets | **{RUN}** | |")
        rows += [
            f"| {section} | {_as_code(step.text)} | **{step.mark}** "
            f"| {'<br>'.join(f'`{each}`' for each in step.requests)} |"
            for step in here
            if step.mark != RUN
        ]
    return "\n".join([f"## {title}\n", f"{in_numbers(found)}.\n", *rows]) + "\n"


def _commands(cell: str) -> Iterator[tuple[str, str]]:
    """The `az` commands of a cell, and the first line of each statement without one."""
    for statement, commands in statements(cell):
        if commands:
            yield from ((command.name, PARSED) for command in commands)
        else:
            first = statement.replace("\\\n", " ").splitlines()[0]
            yield " ".join(first.split()), NOT_RUN


def _as_code(text: str) -> str:
    short = text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
    return f"`` {short} ``" if "`" in short else f"`{short}`"

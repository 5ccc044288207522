"""The verb `watch`: a checklist that looks again while the learner works."""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO

import psutil
from pydantic import TypeAdapter
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.text import Text

from workbook.checks.check import Result
from workbook.checks.running import checks_environment
from workbook.checks.screen import SIGNS, row
from workbook.cli.actions import console
from workbook.cli.arguments import NumberOrName, chosen_lesson
from workbook.course.lesson import checklist
from workbook.course.phase import Lesson
from workbook.errors import WorkbookError
from workbook.learner.drills import drill_under_way
from workbook.outcome import Outcome
from workbook.programs import kill_group

SECONDS_TO_END = 10  # for the checks: a look that has begun removes what it made
ROWS = {  # what is shown of a line that does not pass, and by which label; `check` shows more
    "expected": "expected",
    "found": "found",
    "run next": "run next",
    "not started": "to do",
    "cannot be known": "reason",
}


def watch(which: NumberOrName) -> None:
    """Show the checklist, and look again while you work. Ctrl-C ends it.

    It changes and records nothing. While nothing changes, it takes at most a tenth of a core.
    """
    lesson, _ = chosen_lesson(which)
    if not lesson.checks.is_dir():
        raise WorkbookError(f"The notebook {lesson.name} has no checks.")
    board = Board(lesson)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)  # both end it in the same way
    try:
        with looking(lesson) as results:
            if console.is_terminal:
                with Live(board, console=console, refresh_per_second=1):
                    for result in results:
                        board.add(result)
            else:
                for result in filter(board.add, results):
                    what_to_do = map(Text, board.told_of(result, console.width))
                    console.print(Group(line_of(result.line, result), *what_to_do))
    except KeyboardInterrupt:
        return


@contextmanager
def looking(lesson: Lesson) -> Iterator[Iterable[Result]]:
    """What comes of a lesson's lines, for as long as the program that looks at them runs.

    Raises:
        WorkbookError: it has ended by itself.
    """
    command = [sys.executable, "-m", "workbook.checks.watch", lesson.argument]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        looker = subprocess.Popen(
            command,
            cwd=lesson.root,
            env=checks_environment(),
            stdin=subprocess.PIPE,  # it ends when this end is closed, by us or by our end
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is ours
        )
        assert looker.stdin
        assert looker.stdout
        try:
            yield _results(looker.stdout)
            said.seek(0)
            last = (said.read().strip().splitlines() or ["no reason given"])[-1]
            raise WorkbookError(
                f"The checks stopped: {last}",
                f"./workbook check {lesson.argument}",
            )
        finally:
            looker.stdin.close()
            try:
                looker.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                _kill(looker.pid)
                looker.wait()
            kill_group(looker.pid)  # kubectl, where the looker was killed


def _kill(looker: int) -> None:
    """Kill the looker and the programs that it has called: each has a session of its own."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(looker)
        for member in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                member.kill()


def _results(lines: IO[str]) -> Iterator[Result]:
    one = TypeAdapter(Result)
    return (one.validate_json(line) for line in lines)


class Board:
    """The checklist of a lesson as it is now."""

    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self._lines = checklist(lesson.lesson.read_text(encoding="utf-8"))
        self._results: dict[str, Result] = {}
        self._looked = time.monotonic()

    def add(self, result: Result) -> bool:
        """Note what a look came to; whether the line has turned."""
        before = self._results.get(result.line)
        self._results[result.line] = result
        self._looked = time.monotonic()
        return before is None or before.outcome is not result.outcome

    def told_of(self, result: Result, columns: int) -> list[str]:
        """What was expected and found, and what to run next; or why nothing can be said.

        While a drill is under way, its hints take the place of what to run next, as in `check`.
        """
        if result.waits_for:
            return []
        texts = {shown: result.rows[key] for key, shown in ROWS.items() if key in result.rows}
        drill = drill_under_way(self._lesson.root, self._lesson.target)
        if drill and texts.pop("run next", ""):
            texts["hint"] = f"./workbook drill {drill[0].number} --hint"
        return [part for label in texts for part in row(label, texts[label], columns).splitlines()]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        results = dict(self._results)  # rich draws in a thread of its own
        # as `check` shows them: the first look is at all lines, each after those that it needs
        in_order = [*results, *(line for line in self._lines if line not in results)]
        passed = [r for r in results.values() if r.outcome is Outcome.PASSED]
        of = f"{len(passed)} of {len(self._lines)} lines pass"
        yield Text(f"{self._lesson.label} · {self._lesson.target} · {of}", style="bold")
        first = self._first([*results.values()])
        room = max(options.size.height - len(self._lines) - 3, 1)
        for line in in_order:
            yield line_of(line, results.get(line))
            if first and line == first.line:
                yield from map(Text, self.told_of(first, options.max_width)[:room])
        if len(passed) == len(self._lines):
            next_ = f"./workbook check {self._lesson.argument}"
            yield Text(f"All lines pass. To record it, run next: {next_}", style="bold")
        seconds = time.monotonic() - self._looked
        yield Text(f"Looked {seconds:.0f} s ago; Ctrl-C ends.", style="dim")

    def _first(self, there_are: list[Result]) -> Result | None:
        """What to do now: the first line that is wrong or not started and waits for no other."""
        to_do = [r for r in there_are if r.outcome is not Outcome.PASSED and not r.waits_for]
        known = [r for r in to_do if r.outcome is not Outcome.UNKNOWN]
        return next(iter(known or to_do), None)


def line_of(line: str, result: Result | None) -> Text:
    """A line of the checklist in one row of the terminal."""
    waits = result is None or bool(result.waits_for)
    sign, colour = SIGNS[result.outcome] if result else (" ", "")
    return Text.assemble(
        (f" {sign} ", "dim" if waits else colour),
        (line, "dim" if waits else ""),
        (f"  {result.note}" if result and result.note else "", "dim"),
        no_wrap=True,
        overflow="ellipsis",
    )

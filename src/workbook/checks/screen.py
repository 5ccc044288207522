"""The checklist in the terminal: a line for each check, and rows that teach where one is wrong."""

import os
import shutil
import textwrap
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from workbook.checks.check import Result
from workbook.outcome import Outcome

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter

SIGNS = {
    Outcome.PASSED: ("✔", "green"),
    Outcome.WRONG: ("✘", "red"),
    Outcome.NOT_STARTED: ("·", "yellow"),
    Outcome.UNKNOWN: ("?", "yellow"),
}
WORST_FIRST = (Outcome.WRONG, Outcome.NOT_STARTED, Outcome.UNKNOWN, Outcome.PASSED)
UNTIL = "cannot check until this passes: "
HINTS = ("why", "run next", "read")  # rows that a drill under way withholds
WITHHELD = "A drill is under way: why, and what to run next, are hints now."
LINES_OF_EARLIER = "lines of earlier phases"
PROMISES = "What earlier phases promised"
WIDTH = 100  # of rows, at most
ENDLESS = 10_000
SIGN_WIDTH = 3
LABEL_WIDTH = 10
LINE_WIDTH = 58


class Screen:
    """Where the results are shown. Lines that wait for one cause are one line, at the end."""

    def __init__(self, terminal: "TerminalWriter", hint: str = "") -> None:
        """Show results on a terminal.

        Args:
            terminal: that of pytest.
            hint: while a drill is under way, the command that shows its next hint. What is wrong
                is then shown without its cause and its remedy: they are hints.
        """
        self._terminal = terminal
        self._hint = hint
        self._withheld = False
        self._waiting: list[Result] = []
        self._promised: list[Result] = []  # of earlier phases, that wait
        # of the terminal; without one, a line may be as long as it is
        self._columns = shutil.get_terminal_size((ENDLESS, 0)).columns

    def header(self, text: str) -> None:
        self._terminal.line()
        self._terminal.line(text, bold=True)

    def result(self, result: Result) -> None:
        """Show a result; one that waits for another check is shown by `waiting`."""
        if result.waits_for:
            self._waiting.append(result)
        else:
            self._show(result)

    def promises(self, results: list[Result]) -> None:
        """Show what earlier phases promised: one line, and what is wrong among them in full."""
        kept = sum(result.outcome is Outcome.PASSED for result in results)
        worst = min((r.outcome for r in results), key=WORST_FIRST.index)
        self._line(worst, PROMISES, f"{kept} of {len(results)}")
        broken = [r for r in results if r.outcome is not Outcome.PASSED and not r.waits_for]
        self._promised += [result for result in results if result.waits_for]
        broken.sort(key=lambda r: (WORST_FIRST.index(r.outcome), _aside(r)))
        for (outcome, aside), group in groupby(broken, lambda r: (r.outcome, _aside(r))):
            same = [*group]
            if outcome is Outcome.WRONG or len(same) == 1:
                for result in same:
                    self._show(result)
            else:
                self._line(outcome, f"{len(same)} {LINES_OF_EARLIER}", aside)

    def waiting(self) -> None:
        """Show what could not be looked at, a line for each cause, earlier phases apart."""
        for waiting, what in ((self._promised, LINES_OF_EARLIER), (self._waiting, "lines")):
            by_cause: dict[tuple[str, Outcome], list[Result]] = {}
            for result in waiting:
                by_cause.setdefault((result.waits_for, result.outcome), []).append(result)
            for (cause, outcome), results in by_cause.items():
                line = results[0].line if len(results) == 1 else f"{len(results)} {what}"
                self._line(outcome, line, UNTIL + cause)

    def withheld(self) -> None:
        """Say where the rows are that a drill withholds, if it withheld any."""
        if self._withheld:
            # the command has a line of its own: it can be copied on a narrow terminal, too
            for line in (*_wrapped(WITHHELD, self._columns, 1), f" {self._hint}"):
                self._terminal.line(line, yellow=True)

    def fault(self, line: str) -> None:
        """Say that a check failed itself; pytest shows its trace."""
        self._terminal.line(f" ! {line}", red=True)
        self._terminal.line("     the check itself failed, which is the workbook's fault:")

    def sum_up(self, results: Iterable[Result]) -> None:
        outcomes = [result.outcome for result in results]
        counts = [f"{n} {outcome}" for outcome in Outcome if (n := outcomes.count(outcome))]
        self._terminal.line(f"{', '.join(counts)}, of {len(outcomes)} lines", bold=True)

    def _show(self, result: Result) -> None:
        self._line(result.outcome, result.line, _aside(result))
        for label, text in result.rows.items():
            if self._hint and label in HINTS:
                self._withheld = True
            elif label not in ("not started", "cannot be known"):
                self._terminal.line(row(label, text, min(WIDTH, self._columns)))

    def _line(self, outcome: Outcome, line: str, aside: str) -> None:
        sign, colour = SIGNS[outcome]
        self._terminal.write(f" {sign} ", **{colour: True})
        beside = f"{line:{LINE_WIDTH}} {aside}".rstrip()
        if len(beside) + SIGN_WIDTH <= self._columns:
            self._terminal.line(beside)
            return
        parts = [*_wrapped(line, self._columns, SIGN_WIDTH)]
        parts += _wrapped(aside, self._columns, SIGN_WIDTH + 2)
        self._terminal.line("\n".join(parts).lstrip())


def in_our_environment(command: str) -> str:
    """A command for the learner's own terminal, where kubectl may know another cluster."""
    if command.startswith(("kubectl", "docker", "terraform")) and "KUBECONFIG" not in os.environ:
        return f'eval "$(./workbook env)"; {command}'
    return command


def _aside(result: Result) -> str:
    """What stands beside a line: what was seen, or why nothing could be."""
    reason = result.rows.get("not started") or result.rows.get("cannot be known")
    return f"{result.outcome}: {reason}" if reason else result.note


def row(label: str, text: str, width: int) -> str:
    """A label and its text, with every further line of the text under the first."""
    lines = [*_wrapped(text, width, LABEL_WIDTH + 5)]
    return f"     {label:{LABEL_WIDTH}}" + "\n".join(lines).lstrip()


def _wrapped(text: str, width: int, indent: int) -> Iterable[str]:
    """The lines of a text, each indented, and broken between words where it is too long."""
    for line in text.splitlines():
        room = max(width - indent, 1)
        parts = textwrap.wrap(line, room, break_long_words=False, break_on_hyphens=False)
        yield from (" " * indent + part for part in parts or [""])

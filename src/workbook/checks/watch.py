"""Looks at a lesson's lines again and again: the program behind `./workbook watch`.

    python -m workbook.checks.watch 1

It prints each result as JSON, an object a line, as soon as it is known. It ends when its standard
input is closed: so it does not outlive the command that started it, however that ends.

It looks at all lines as soon as something changes: an object of the cluster, a file of the phase, a
program of the lesson. In between, it looks at the lines that are due, and rests, so that it takes a
tenth of a processor core at most. The kubectl that listens to the cluster is not counted.
"""

import json
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pytest

from workbook.checks import patience
from workbook.checks.changes import Changes, changes_of
from workbook.checks.check import Result
from workbook.checks.plugin import CHECKLIST, line_of
from workbook.course.phase import Lesson, find_lesson, root
from workbook.learner.choices import load_choices
from workbook.outcome import Outcome, Unknown

if TYPE_CHECKING:
    from workbook.checks.plugin import Checklist

SHARE = 0.1  # of a processor core
SECONDS_AHEAD = 5  # of a core that are saved up while nothing is due, for when much is
SECONDS_TO_REST = 2  # at least, before a line that has not passed is looked at again
SECONDS_TO_TRUST = 60  # at least, before a line that has passed is looked at again
SECONDS_AT_ONCE = 5  # a look that takes longer is as seldom: it may run a pod of its own
SECONDS_TO_NOTICE = 0.5  # that something has changed
REST_AT_ONCE = 0.25  # of the time of a look, before the next one where something has changed
CLOSED = threading.Event()  # standard input


@dataclass(frozen=True)
class Look:
    """The last look at a line. Times are those of time.monotonic()."""

    result: Result
    ended: float
    seconds: float  # that it took

    @property
    def passed(self) -> bool:
        return self.result.outcome is Outcome.PASSED

    @property
    def is_slow(self) -> bool:
        return self.seconds > SECONDS_AT_ONCE

    def due(self, changed: float) -> float:
        """When to look again.

        Args:
            changed: when something last changed; a line may have turned since.
        """
        is_seldom = (self.passed or self.is_slow) and changed < self.ended - self.seconds
        return self.ended + (SECONDS_TO_TRUST if is_seldom else 0)


def lines_to_look_at(
    lines: Sequence[str],
    needs: Mapping[str, Iterable[str]],
    looks: Mapping[str, Look],
    now: float,
    changed: float,
) -> list[str]:
    """The lines that are due, and those that wait for one of them: if it fails, they cost nothing.

    They are in their order, but a line that passes and takes long holds up none of the others.

    Args:
        lines: each after those that it needs.
        needs: of each line, those that must pass before it can be looked at.
        looks: the last look at each line.
        now: as time.monotonic() has it.
        changed: when something last changed.
    """
    chosen: list[str] = []
    for line in lines:
        missing = [n for n in needs[line] if n in needs and not (n in looks and looks[n].passed)]
        look = looks.get(line)
        is_due = missing or not look or look.result.waits_for or look.due(changed) <= now
        if is_due and all(needed in chosen for needed in missing):
            chosen.append(line)
    return sorted(
        chosen, key=lambda line: line in looks and looks[line].passed and looks[line].is_slow
    )


class Round:
    """A plugin for pytest: one look at the lines that are due."""

    def __init__(
        self, looks: dict[str, Look], changes: Changes, show: Callable[[Result], None]
    ) -> None:
        self._looks = looks
        self._changes = changes
        self._show = show

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Generator[None]:
        yield  # the checklist puts them in order
        checklist = _checklist(config)
        needs = {line_of(item).text: [n.text for n in checklist.needs(item)] for item in items}
        now, changed = time.monotonic(), self._changes.last
        by_line = {line_of(item).text: item for item in items}
        chosen = lines_to_look_at([*needs], needs, self._looks, now, changed)
        items[:] = [by_line[line] for line in chosen]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        began = time.monotonic()
        answer = yield
        line = line_of(item)
        result = _checklist(item.config).results.get(line)
        if result is None:
            fault = Unknown("the check itself failed: `./workbook check` shows where")
            result = Result(item.name, line.text, fault.outcome, 0, rows=fault.rows)
        ended = time.monotonic()
        self._looks[line.text] = Look(result, ended, ended - began)
        self._show(result)
        return answer


def watch(lesson: Lesson, show: Callable[[Result], None]) -> None:
    """Look at a lesson's lines until standard input is closed.

    Raises:
        RuntimeError: the checks cannot be run.
    """
    looks: dict[str, Look] = {}
    budget = Budget()
    with changes_of(lesson) as changes:
        while not CLOSED.is_set():
            began = time.monotonic()
            # files, not the folder: what comes of a part of the checklist is not kept
            files = [str(file) for file in sorted(lesson.checks.glob("test_*.py"))]
            status = pytest.main(files, plugins=[Round(looks, changes, show)])
            if status == pytest.ExitCode.INTERRUPTED and CLOSED.is_set():
                return
            if status in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.USAGE_ERROR):
                raise RuntimeError(f"pytest has ended with {status!r}.")
            ended = time.monotonic()
            at_once = ended + REST_AT_ONCE * (ended - began)
            rested = ended + max(SECONDS_TO_REST, budget.seconds_to_rest())
            dues = (each.due(changes.last) for each in looks.values() if not each.result.waits_for)
            due = max(rested, min(dues, default=rested))
            while not CLOSED.wait(SECONDS_TO_NOTICE):
                changes.look_here()
                if time.monotonic() > (at_once if changes.last > began else due):
                    break


class Budget:
    """What the looks may take of a processor core. The first is free: it looks at every line."""

    def __init__(self) -> None:
        self._left: float | None = None  # in seconds of the core
        self._counted = time.monotonic(), _processor_seconds()

    def seconds_to_rest(self) -> float:
        """How long to rest before the next look, by what was used until now."""
        now, used = time.monotonic(), _processor_seconds()
        earlier, used_earlier = self._counted
        self._counted = now, used
        if self._left is None:
            self._left = SECONDS_AHEAD
        else:
            earned = SHARE * (now - earlier)
            self._left = min(self._left + earned, SECONDS_AHEAD) - (used - used_earlier)
        return max(-self._left / SHARE, 0)


def _checklist(config: pytest.Config) -> "Checklist":
    found: Checklist | None = config.pluginmanager.get_plugin(CHECKLIST)
    assert found
    return found


def _processor_seconds() -> float:
    """What this process has used, and the programs that it has called."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def _end_with(stream: int) -> None:
    """Interrupt this process as Ctrl-C would, when the command that started it has ended."""
    while os.read(stream, 1):
        pass
    CLOSED.set()
    os.kill(os.getpid(), signal.SIGINT)


def main() -> None:
    """Watch the lesson that the arguments name."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stream = os.dup(sys.stdin.fileno())  # pytest takes the original away
    threading.Thread(target=_end_with, args=(stream,), daemon=True).start()
    patience.looks_again = True
    home = root()
    lesson = find_lesson(sys.argv[1], home, load_choices(home).target)
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as out:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # pytest prints there
        os.close(nowhere)

        def show(result: Result) -> None:
            print(json.dumps(asdict(result)), file=out, flush=True)

        with suppress(KeyboardInterrupt, BrokenPipeError):
            watch(lesson, show)


if __name__ == "__main__":
    main()

"""Runs checks under pytest and reports them as a checklist: in the terminal, in JUnit, as JSON.

Exit code: 0 all passed; 1 something is wrong; 3 a check itself failed. Where nothing is wrong:
10 something is not started; 11 something cannot be known here. A run that was interrupted has
pytest's own.
"""

import logging
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from _pytest._io import TerminalWriter

from workbook.checks.check import Check, Result, check_of, keep_results, write_results
from workbook.checks.odd import odd_object
from workbook.checks.promises import in_order, replaced_by, standing
from workbook.checks.questions import judged_by
from workbook.checks.screen import UNTIL, Screen, in_our_environment
from workbook.course.lesson import checklist
from workbook.course.phase import Lesson, Phase, find_lesson, find_phase, phases, root
from workbook.learner.choices import load_choices
from workbook.learner.drills import drill_under_way
from workbook.learner.store import log
from workbook.outcome import EXIT_STATUS, Finding, NotStarted, Outcome, Unknown
from workbook.programs import TookTooLong

CHECK_FAILED = 3
CHECKLIST = "workbook-checklist"  # the plugin that keeps what each line came to
CURRENT_PHASE = pytest.StashKey[Phase]()  # whose state the learner's system is in


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--active",
        action="store_true",
        help="repeat what a lesson did to the learner's system, such as deleting a pod",
    )
    parser.addoption(
        "--results",
        type=Path,
        metavar="FILE",
        help="write what every check came to, as JSON, also where single checks are asked for",
    )
    parser.addoption(
        "--current",
        type=int,
        metavar="N",
        help="the phase whose state the system is in; without it, the latest that is asked",
    )


@pytest.hookimpl(trylast=True)  # after the terminal has been set up
def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Checklist(config), CHECKLIST)


class Line(NamedTuple):
    """A line of a checklist; two lessons may have a line of the same text."""

    lesson: str  # its name
    text: str


class Warnings(logging.Handler):
    """Shows the workbook's own warnings, which pytest would keep for a check that fails."""

    def __init__(self, terminal: TerminalWriter) -> None:
        super().__init__(logging.WARNING)
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        self._terminal.line(f" ! {record.getMessage()}", yellow=True)


class Checklist:
    """The checks of one run and what they came to."""

    def __init__(self, config: pytest.Config) -> None:
        terminal = config.get_terminal_writer()
        warnings = Warnings(terminal)
        log.addHandler(warnings)
        config.add_cleanup(lambda: log.removeHandler(warnings))
        self._home = root()
        self._target = load_choices(self._home).target
        drill = drill_under_way(self._home, self._target)
        hint = f"./workbook drill {drill[0].number} --hint" if drill else ""
        self._screen = Screen(terminal, hint)
        self._current: Phase | None = None  # the latest phase that is asked
        self._replaced: dict[str, str] = {}
        self._lessons: dict[Line, Lesson] = {}  # of each line
        self.results: dict[Line, Result] = {}  # of each line
        self._missing: set[Line] = set()  # lines of earlier phases that were not asked yet
        self._held_back: list[Line] = []  # whose results are shown after those
        self._notes: dict[str, str] = {}
        self._header = ""
        self._promises_shown = False
        self._broken = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Ask what earlier phases promised, too, where whole phases are asked for."""
        config = session.config
        if not _is_whole(config):
            return
        asked = {Path(argument).resolve() for argument in config.args}
        there_are = [p for p in phases(self._home, self._target) if p.checks.is_dir()]
        latest = max((p.number for p in there_are if p.checks.resolve() in asked), default=0)
        earlier = [p.checks for p in there_are if p.number < latest]
        config.args[:0] = [str(folder) for folder in earlier if folder.resolve() not in asked]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Order the checks as their lessons do, but each after what it needs."""
        lessons = {name: self._find(name) for name in sorted({*map(_lesson_name, items)})}
        asked = [lesson for lesson in lessons.values() if isinstance(lesson, Phase)]
        if asked:
            said = config.getoption("--current")
            latest = max(phase.number for phase in asked)
            self._current = find_phase(latest if said is None else said, self._home, self._target)
            self._replaced = replaced_by(self._current)
            config.stash[CURRENT_PHASE] = self._current
        by_line: dict[Line, pytest.Item] = {}
        for item in items:
            lesson, line = lessons[_lesson_name(item)], line_of(item)
            if line in by_line and item.nodeid != by_line[line].nodeid:
                raise pytest.UsageError(
                    f"{item.nodeid} and {by_line[line].nodeid} have the same line: {line.text!r}."
                )
            can_be_replaced = isinstance(lesson, Phase) and lesson != self._current
            is_replaced = can_be_replaced and line.text in self._replaced
            if not is_replaced or not _is_whole(config):
                by_line[line] = item
                self._lessons[line] = lesson
        self._missing = {*filter(self._is_promise, by_line)}
        listed = [
            Line(lesson.name, text)
            for lesson in lessons.values()
            for text in checklist(lesson.lesson.read_text(encoding="utf-8"))
        ]
        places = {line: place for place, line in enumerate(listed)}
        in_lesson = sorted(by_line, key=lambda line: places.get(line, len(places)))
        needs = {line: self.needs(item) for line, item in by_line.items()}
        items[:] = [by_line[line] for line in in_order(in_lesson, needs)]

    def _is_promise(self, line: Line) -> bool:
        lesson = self._lessons[line]
        return isinstance(lesson, Phase) and lesson != self._current

    def needs(self, item: pytest.Item) -> list[Line]:
        """The lines that have to pass before a check can know."""
        needed = filter(check_of, _check(item).after)
        return [self._standing(_line_of(function)) for function in needed]

    def _standing(self, line: Line) -> Line:
        """The line that is asked today in place of an earlier phase's line."""
        text = standing(line.text, self._replaced)
        if text == line.text or not line.lesson.startswith("phase"):
            return line
        of_phases = (each for each, lesson in self._lessons.items() if isinstance(lesson, Phase))
        return next((each for each in of_phases if each.text == text), Line(line.lesson, text))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Say "cannot check until" where a check that this one needs has not passed."""
        for line in self.needs(item):
            result = self.results.get(line)
            if result is None or result.outcome is Outcome.PASSED:
                continue
            cause = result.waits_for or line.text
            kind = NotStarted if result.outcome is Outcome.NOT_STARTED else Unknown
            finding = kind(f"{UNTIL}{cause}")
            finding.waits_for = cause
            raise finding

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Keep the note that a check returns; pytest itself wants None."""
        function = pyfuncitem.obj

        def noted(*args: Any, **kwargs: Any) -> None:
            self._notes[pyfuncitem.nodeid] = function(*args, **kwargs)

        pyfuncitem.obj = noted
        try:
            return (yield)
        finally:
            pyfuncitem.obj = function

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        finding = call.excinfo.value if call.excinfo else None
        if isinstance(finding, TookTooLong):
            finding = Unknown(str(finding))
        elif call.excinfo and call.when != "teardown":
            finding = odd_object(finding, call.excinfo.tb) or finding
        if isinstance(finding, Finding):
            rows = dict(finding.rows)
            if finding.outcome is Outcome.WRONG:
                rows["run next"] = in_our_environment(rows["run next"])
                rows["read"] = _check(item).read
                report.longrepr = "\n".join(f"{k}: {v}" for k, v in rows.items())
            else:
                report.outcome = "skipped"
                report.longrepr = (str(item.path), 0, str(finding))
            more = {"waits_for": finding.waits_for, "judged": judged_by(finding)}
            result = _result(item, call, finding.outcome, rows=rows, **more)
            self._keep(item, report, result)
        elif report.when == "call" and report.passed:
            note = self._notes.get(item.nodeid, "")
            self._keep(item, report, _result(item, call, Outcome.PASSED, note=note))
        elif report.failed:
            self._broken = True
            self._begin(_lesson_name(item))
            self._screen.fault(_check(item).line)
        return report

    def pytest_report_teststatus(
        self, report: pytest.CollectReport | pytest.TestReport
    ) -> tuple[str, str, str] | None:
        """Keep pytest's own letters out of the checklist; a failing check still shows its trace."""
        if not isinstance(report, pytest.TestReport):  # a file that could not be collected
            return None
        outcome = dict(report.user_properties).get("outcome")
        is_fault = report.failed and (report.when == "teardown" or not outcome)
        return None if is_fault else (str(outcome or ""), "", "")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Sum up, keep the outcomes for `status` and `receipt`, and set the exit code."""
        self._missing.clear()  # what is missing now has failed itself
        self._show_what_is_due()
        self._screen.waiting()
        self._screen.withheld()
        if file := session.config.getoption("--results"):
            write_results(file, [*self.results.values()], [])
        for lesson in dict.fromkeys(self._lessons.values()):
            lines = [line for line, whose in self._lessons.items() if whose is lesson]
            results = [self.results[line] for line in lines if line in self.results]
            if not results or self._is_promise(lines[0]):
                continue
            if len(results) == len(lines) and _is_whole(session.config):
                keep_results(lesson, results, self._promises)
            if not self._broken:
                self._screen.sum_up(results)
        if session.exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return  # interrupted, or a fault of pytest's own: the checks have not all run
        if self._broken:
            session.exitstatus = CHECK_FAILED
        elif self.results:
            outcomes = {result.outcome for result in self.results.values()}
            session.exitstatus = next(
                status for outcome, status in EXIT_STATUS.items() if outcome in outcomes
            )

    def _find(self, name: str) -> Lesson:
        """The lesson whose checks are in the folder of that name."""
        return find_lesson(name.removeprefix("phase"), self._home, self._target)

    @property
    def _promises(self) -> list[Result]:
        """What lines of earlier phases came to."""
        return [result for line, result in self.results.items() if self._is_promise(line)]

    def _keep(self, item: pytest.Item, report: pytest.TestReport, result: Result) -> None:
        line = line_of(item)
        self.results[line] = result
        properties = [("outcome", str(result.outcome)), ("line", result.line)]
        properties += [("note", result.note)] if result.note else []
        report.user_properties.extend(properties)
        item.user_properties.extend(properties)  # JUnit reads those of the teardown
        if self._is_promise(line):
            self._missing.discard(line)
        else:
            self._held_back.append(line)
        self._show_what_is_due()

    def _show_what_is_due(self) -> None:
        """Show the promises when all of them are known, and only then what comes after them."""
        if self._missing:
            return
        if self._current and self._promises and not self._promises_shown:
            self._promises_shown = True
            self._begin(self._current.name)
            self._screen.promises(self._promises)
        for line in self._held_back:
            self._begin(line.lesson)
            self._screen.result(self.results[line])
        self._held_back.clear()

    def _begin(self, name: str) -> None:
        header = f"{self._find(name).label} · {self._target}"
        if header != self._header:
            self._header = header
            self._screen.header(header)


def _result(
    item: pytest.Item, call: pytest.CallInfo[None], outcome: Outcome, **more: Any
) -> Result:
    return Result(item.name, _check(item).line, outcome, round(call.duration, 3), **more)


def _is_whole(config: pytest.Config) -> bool:
    """Whether whole folders were asked for, and not single files or names."""
    chosen = config.option.keyword or config.option.markexpr
    return not chosen and all(Path(a.partition("::")[0]).is_dir() for a in config.args)


def _lesson_name(item: pytest.Item) -> str:
    return item.path.parent.name


def line_of(item: pytest.Item) -> Line:
    return Line(_lesson_name(item), _check(item).line)


def _line_of(function: Callable[..., Any]) -> Line:
    """The line of a check that another one needs, by the folder that it is in."""
    check: Check = function.check  # type: ignore[attr-defined]
    return Line(Path(function.__code__.co_filename).parent.name, check.line)


def _function(item: pytest.Item) -> Callable[..., Any]:
    assert isinstance(item, pytest.Function)
    function: Callable[..., Any] = item.function
    return function


def _check(item: pytest.Item) -> Check:
    found = check_of(_function(item))
    if found is None:
        raise pytest.UsageError(f"{item.nodeid} is not a check: it lacks @check(...).")
    return found

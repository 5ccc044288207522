"""Runs checks under pytest and reports them as a checklist: in the terminal, in JUnit, as JSON.

Exit code: 0 all passed; 1 something is wrong; 3 a check itself failed. Where nothing is wrong:
10 something is not started; 11 something cannot be known here.
"""

import logging
import os
import textwrap
from collections.abc import Callable, Generator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from _pytest._io import TerminalWriter

from workbook.checks.check import Check, Result, check_of, keep_results
from workbook.course.lesson import checklist
from workbook.course.phase import Lesson, find_lesson, root
from workbook.learner.choices import load_choices
from workbook.learner.store import log
from workbook.outcome import Finding, NotStarted, Outcome, Unknown
from workbook.programs import TookTooLong

SIGNS = {
    Outcome.PASSED: ("✔", "green"),
    Outcome.WRONG: ("✘", "red"),
    Outcome.NOT_STARTED: ("·", "yellow"),
    Outcome.UNKNOWN: ("?", "yellow"),
}
EXIT_CODES = {Outcome.WRONG: 1, Outcome.NOT_STARTED: 10, Outcome.UNKNOWN: 11}
CHECK_FAILED = 3
WIDTH = 100
LABEL_WIDTH = 10
LINE_WIDTH = 58


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--active",
        action="store_true",
        help="repeat what a lesson did to the learner's system, such as deleting a pod",
    )


@pytest.hookimpl(trylast=True)  # after the terminal has been set up
def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Checklist(config), "workbook-checklist")


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
        self._terminal = config.get_terminal_writer()
        warnings = Warnings(self._terminal)
        log.addHandler(warnings)
        config.add_cleanup(lambda: log.removeHandler(warnings))
        self._home = root()
        self._target = load_choices(self._home).target
        self._results: dict[Callable[..., Any], Result] = {}
        self._lessons: dict[Callable[..., Any], str] = {}
        self._notes: dict[str, str] = {}
        self._header = ""
        self._broken = False

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Run the checks in the order of the lesson's checklist."""
        lines: dict[str, int] = {}
        for name, _ in groupby(items, _lesson_name):
            lesson = self._find(name)
            for line in checklist(lesson.lesson.read_text(encoding="utf-8")):
                lines.setdefault(f"{name} {line}", len(lines))
        items.sort(key=lambda i: lines.get(f"{_lesson_name(i)} {_check(i).line}", len(lines)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Say "cannot check until" where a check that this one needs has not passed."""
        for needed in _check(item).after:
            result = self._results.get(needed)
            if result is None or result.outcome is Outcome.PASSED:
                continue
            reason = f"cannot check until this passes: {result.line}"
            if result.outcome is Outcome.NOT_STARTED:
                raise NotStarted(reason)
            raise Unknown(reason)

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
        if isinstance(finding, Finding):
            result = self._result(item, call, finding.outcome, rows=dict(finding.rows))
            if finding.outcome is Outcome.WRONG:
                result.rows["run next"] = _in_our_environment(result.rows["run next"])
                result.rows["read"] = _check(item).read
                report.longrepr = "\n".join(f"{k}: {v}" for k, v in result.rows.items())
            else:
                report.outcome = "skipped"
                report.longrepr = (str(item.path), 0, str(finding))
            self._keep(item, report, result)
        elif report.when == "call" and report.passed:
            note = self._notes.get(item.nodeid, "")
            self._keep(item, report, self._result(item, call, Outcome.PASSED, note=note))
        elif report.failed:
            self._broken = True
            self._begin(item)
            self._terminal.line(f" ! {_check(item).line}", red=True)
            self._terminal.line("     the check itself failed, which is the workbook's fault:")
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
        by_lesson: dict[str, list[Result]] = {}
        for function, result in self._results.items():
            by_lesson.setdefault(self._lessons[function], []).append(result)
        collected = {_lesson_name(item): 0 for item in session.items}
        for item in session.items:
            collected[_lesson_name(item)] += 1
        for name, results in by_lesson.items():
            if len(results) == collected[name] and _is_whole(session.config):
                keep_results(self._find(name), results)
        if self._broken:
            session.exitstatus = CHECK_FAILED
        elif self._results:
            outcomes = {result.outcome for result in self._results.values()}
            session.exitstatus = next(
                (code for outcome, code in EXIT_CODES.items() if outcome in outcomes), 0
            )
            self._sum_up(by_lesson)

    def _find(self, name: str) -> Lesson:
        """The lesson whose checks are in the folder of that name."""
        return find_lesson(name.removeprefix("phase"), self._home, self._target)

    def _result(
        self,
        item: pytest.Item,
        call: pytest.CallInfo[None],
        outcome: Outcome,
        note: str = "",
        rows: dict[str, str] | None = None,
    ) -> Result:
        return Result(
            item.name, _check(item).line, outcome, round(call.duration, 3), note, rows or {}
        )

    def _keep(self, item: pytest.Item, report: pytest.TestReport, result: Result) -> None:
        function = _function(item)
        self._results[function] = result
        self._lessons[function] = _lesson_name(item)
        properties = [("outcome", str(result.outcome)), ("line", result.line)]
        properties += [("note", result.note)] if result.note else []
        report.user_properties.extend(properties)
        item.user_properties.extend(properties)  # JUnit reads those of the teardown
        self._begin(item)
        self._show(result)

    def _begin(self, item: pytest.Item) -> None:
        name = _lesson_name(item)
        number = name.removeprefix("phase")
        header = f"{name if number == name else f'Phase {number}'} · {self._target}"
        if header != self._header:
            self._header = header
            self._terminal.line()
            self._terminal.line(header, bold=True)

    def _show(self, result: Result) -> None:
        sign, colour = SIGNS[result.outcome]
        self._terminal.write(f" {sign} ", **{colour: True})
        rows = dict(result.rows)
        aside = result.note or rows.pop("not started", "") or rows.pop("cannot be known", "")
        if aside and result.outcome is not Outcome.PASSED:
            aside = aside if aside.startswith("cannot check") else f"{result.outcome}: {aside}"
        self._terminal.line(f"{result.line:{LINE_WIDTH}} {aside}".rstrip())
        for label, text in rows.items():
            self._terminal.line(_row(label, text))

    def _sum_up(self, by_lesson: dict[str, list[Result]]) -> None:
        for results in by_lesson.values():
            counts = [
                f"{n} {outcome}"
                for outcome in Outcome
                if (n := sum(result.outcome is outcome for result in results))
            ]
            self._terminal.line(f"{', '.join(counts)}, of {len(results)} lines", bold=True)


def _in_our_environment(command: str) -> str:
    """A command for the learner's own terminal, where kubectl may know another cluster."""
    if command.startswith(("kubectl", "docker", "terraform")) and "KUBECONFIG" not in os.environ:
        return f'eval "$(./workbook env)"; {command}'
    return command


def _row(label: str, text: str) -> str:
    """A label and its text, with every further line of the text under the first."""
    indent = " " * (LABEL_WIDTH + 5)
    lines = [
        part
        for line in text.splitlines()
        for part in textwrap.wrap(line, WIDTH - len(indent), break_long_words=False) or [""]
    ]
    return f"     {label:{LABEL_WIDTH}}" + f"\n{indent}".join(lines)


def _is_whole(config: pytest.Config) -> bool:
    """Whether whole folders were asked for, and not single files or names."""
    chosen = config.option.keyword or config.option.markexpr
    return not chosen and all(Path(a.partition("::")[0]).is_dir() for a in config.args)


def _lesson_name(item: pytest.Item) -> str:
    return item.path.parent.name


def _function(item: pytest.Item) -> Callable[..., Any]:
    assert isinstance(item, pytest.Function)
    function: Callable[..., Any] = item.function
    return function


def _check(item: pytest.Item) -> Check:
    found = check_of(_function(item))
    if found is None:
        raise pytest.UsageError(f"{item.nodeid} is not a check: it lacks @check(...).")
    return found

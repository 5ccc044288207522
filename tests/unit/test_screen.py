"""The checklist in the terminal: it fits, and nothing of it is lost."""

import io

import pytest
from _pytest._io import TerminalWriter

from workbook.checks.check import Result
from workbook.checks.screen import Screen
from workbook.outcome import Outcome

LINE = "Namespace has a quota, which refuses what exceeds it"
NOTE = "ml-demo, requested: requests.cpu=3800m, used: requests.cpu=200m, limited: 2"
ROWS = {
    "expected": "the quota to refuse a pod that requests more than the namespace may take",
    "found": "the pod was admitted\nby two of three servers",
    "why": "a limit that nobody can reach is none",
    "run next": "kubectl --namespace ml-demo describe resourcequotas,limitranges",
}
RESULTS = (
    Result("passes", LINE, Outcome.PASSED, 0.1, NOTE),
    Result("wrong", LINE, Outcome.WRONG, 0.1, rows=ROWS),
)


def shown() -> str:
    out = io.StringIO()
    screen = Screen(TerminalWriter(out))
    for result in RESULTS:
        screen.result(result)
    return out.getvalue()


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
def test_results_fit_into_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    said = shown()
    longest = max(len(word) for word in said.split())
    assert max(map(len, said.splitlines())) <= max(columns, 15 + longest)
    words = f"{LINE} {NOTE} {LINE} {' '.join(ROWS.values())}".split()
    assert [word for word in said.split() if word in words] == words


def test_without_a_terminal_a_line_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert f"{LINE:58} {NOTE}\n" in shown()

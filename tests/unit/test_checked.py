"""Which lines of a check a wrong system may turn, beside the one that it is about."""

from pathlib import Path

import checked
import pytest
from checked import Line, assert_only_wrong, name_of, of_check, with_what_they_need

from checks.phase4.test_gateway import test_http_is_redirected as redirected
from checks.phase4.test_gateway import test_https_predicts as predicts
from workbook.outcome import Outcome

SAID = "expected: 200\nfound: 503\nwhy: no pod\nrun next: kubectl\nread: a#b"
PREDICTS = of_check(predicts).line
WAITS = f"cannot check until this passes: {PREDICTS}"
REPORT = """<testsuites><testsuite>
<testcase classname="phase4.test_gateway" name="test_https_predicts"><properties>
<property name="outcome" value="wrong"/><property name="line" value="a line"/></properties>
<failure message="cut">expected: 200
found: 503</failure></testcase>
<testcase classname="phase4.test_gateway" name="test_http_is_redirected"><properties>
<property name="outcome" value="cannot be known here"/><property name="line" value="another"/>
</properties><skipped message="it waits">file:0: it waits</skipped></testcase>
</testsuite></testsuites>"""


def lines(outcome: str, said: str = "", other: str = Outcome.WRONG) -> dict[str, Line]:
    return {
        name_of(predicts): Line(PREDICTS, other, SAID if other == Outcome.WRONG else ""),
        name_of(redirected): Line("redirected", outcome, said),
    }


@pytest.mark.parametrize(("outcome", "said"), [(Outcome.PASSED, ""), (Outcome.UNKNOWN, WAITS)])
def test_other_lines_may_pass_or_wait_for_the_wrong_one(outcome: str, said: str) -> None:
    assert_only_wrong(lines(outcome, said), predicts)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.NOT_STARTED, "make it"),
        (Outcome.UNKNOWN, "nobody knows"),
        (Outcome.UNKNOWN, "cannot check until this passes: a line that passes"),
        (Outcome.WRONG, SAID),
    ],
)
def test_no_other_line_may_turn(outcome: str, said: str) -> None:
    with pytest.raises(AssertionError):
        assert_only_wrong(lines(outcome, said), predicts)


def test_the_named_line_must_be_wrong() -> None:
    with pytest.raises(AssertionError):
        assert_only_wrong(lines(Outcome.PASSED, other=Outcome.PASSED), predicts)


def test_a_line_that_is_named_too_may_be_wrong() -> None:
    assert_only_wrong(lines(Outcome.WRONG, SAID), predicts, also=(redirected,))


def test_a_check_comes_after_those_that_it_needs() -> None:
    chain = with_what_they_need(redirected)
    assert chain[-1] is redirected
    assert predicts in chain[:-1]


def test_lines_are_read_from_the_report(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert checked._lines(report) == {
        name_of(predicts): Line("a line", "wrong", "expected: 200\nfound: 503"),
        name_of(redirected): Line("another", "cannot be known here", "it waits"),
    }

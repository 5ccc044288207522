"""Plots show every request of a recording."""

from pathlib import Path

import pytest
from matplotlib import pyplot

from workbook.course.phase import Phase
from workbook.measure.plots import plot_traffic
from workbook.measure.traffic import Traffic, write_traffic
from workbook.targets.kubernetes import Facts


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pyplot.switch_backend("agg")
    (tmp_path / "phases/phase0").mkdir(parents=True)
    monkeypatch.setenv("WORKBOOK_ROOT", str(tmp_path))
    monkeypatch.setenv("WORKBOOK_TARGET", "local")
    return Phase(1, tmp_path, "local").state


def test_a_plot_counts_what_was_answered_and_what_failed(state: Path) -> None:
    traffic = Traffic(["true"], "2026-11-01T00:00:00", "a", Facts(), Facts())
    traffic.samples = [(0.0, 5.0, ""), (0.1, 6.0, ""), (0.2, 7.0, "refused")]
    write_traffic(state, "one", traffic)
    traffic.samples = [(0.0, 5.0, "")]
    write_traffic(state, "other", traffic)
    plot_traffic(1, "one", "other", title="What became of each request")
    figure = pyplot.gcf()
    legends = [[text.get_text() for text in axes.get_legend().get_texts()] for axes in figure.axes]
    assert legends == [["answered: 2", "failed: 1"], ["answered: 1", "failed: 0"]]
    assert figure.get_suptitle() == "What became of each request"


def test_a_recording_that_is_not_there_is_named(state: Path) -> None:
    with pytest.raises(FileNotFoundError, match="rolling-update"):
        plot_traffic(1, "rolling-update", title="No requests")

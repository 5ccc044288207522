"""Plots of what was recorded, for the lessons."""

import os

from matplotlib import pyplot

from workbook.course.phase import Phase, root
from workbook.measure.traffic import read_traffic


def plot_traffic(number: int, *names: str, title: str) -> None:
    """Plot each request of a phase's recordings: when it was sent, and how long it took.

    Args:
        number: of the phase.
        names: of the recordings, such as `rolling-update`.
        title: of the plot.

    Raises:
        FileNotFoundError: a recording is not there.
    """
    state = Phase(number, root(), os.environ["WORKBOOK_TARGET"]).state
    figure, grid = pyplot.subplots(
        len(names), figsize=(7, 2.25 * len(names)), layout="constrained", squeeze=False
    )
    figure.suptitle(title)
    for axes, name in zip(grid[:, 0], names, strict=True):
        traffic = read_traffic(state, name)
        if traffic is None:
            raise FileNotFoundError(f"no traffic was recorded under the name {name}")
        for colour, failed in (("tab:blue", False), ("tab:red", True)):
            dots = [(second, ms) for second, ms, why in traffic.samples if bool(why) == failed]
            label = f"failed: {len(dots)}" if failed else f"answered: {len(dots)}"
            seconds, milliseconds = zip(*dots, strict=True) if dots else ((), ())
            axes.plot(seconds, milliseconds, ".", color=colour, label=label)
        axes.set(yscale="log", xlabel="seconds", ylabel="milliseconds", title=name)
        axes.legend(loc="upper right")
    pyplot.show()

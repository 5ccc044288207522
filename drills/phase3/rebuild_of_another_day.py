"""A record of a rebuild that is not of what is there."""

from dataclasses import replace

from checks.phase3.conftest import RECORDING
from checks.phase3.test_lifetimes import test_rebuilt_in_minutes
from workbook.drills.drill import Drill, NothingToBreak, System
from workbook.measure.traffic import file_of, read_traffic, write_traffic


def break_it(system: System) -> None:
    file = file_of(system.phase.state, RECORDING)
    recording = read_traffic(system.phase.state, RECORDING)
    if recording is None:
        raise NothingToBreak("No rebuild has been recorded yet.", "./workbook run 3")
    system.keep(file)
    other = replace(recording, started="2099-01-01T00:00:00Z")
    write_traffic(system.phase.state, RECORDING, other)


def fix(system: System) -> None:
    system.put_back(file_of(system.phase.state, RECORDING))


DRILL = Drill(
    title="“We rehearsed the rebuild on my machine. Take my record, it is the same.”",
    difficulty=2,
    turns_red=test_rebuilt_in_minutes,
    hints=(
        "A rebuild makes new objects. How old are yours?",
        "kubectl --namespace ml-data get statefulset postgres --output "
        "jsonpath='{.metadata.creationTimestamp}'",
        "The record is .workbook/local/phase3/traffic-rebuild.json: look at `started`.",
    ),
    way_back=(
        "Your own record is back. To make a new one, destroy and rebuild once more: lesson 3,\n"
        "“Destroy and rebuild”.\n"
        "  ./workbook lab 3"
    ),
    break_it=break_it,
    fix=fix,
)

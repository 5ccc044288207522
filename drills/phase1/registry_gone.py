"""A registry that does not answer."""

from checks.phase1.test_registry import test_image_is_in_registry
from workbook.drills.drill import Drill, System
from workbook.drills.objects import deployment_of
from workbook.targets.local.engine import find_engine
from workbook.targets.local.registry import NAME


def break_it(system: System) -> None:
    deployment_of(system)
    find_engine(system.phase.root).run("stop", NAME)


def fix(system: System) -> None:
    find_engine(system.phase.root).run("start", NAME)


DRILL = Drill(
    title="A colleague removed containers that “are not in use”.",
    difficulty=2,
    turns_red=test_image_is_in_registry,
    hints=(
        "Predictions are answered. What would happen on another node, or after the next update?",
        "Where does the image come from? Its name begins with the address of the registry.",
        "docker ps --all: the registry is a container too. Is it running?",
    ),
    way_back=("Start the registry. `up` does this, too:\n  ./workbook up"),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

"""An address plan in which an address means two things."""

from checks.phase3.test_infrastructure import test_plan_finds_no_difference
from drills.phase3._infrastructure import HERE_ON_AZURE, initialised
from workbook.drills.drill import Drill, System

FILE = "terraform/azure/variables.tf"
APART = 'services = "172.16.0.0/16"'
INSIDE = 'services = "10.20.128.0/20"'  # of the network's own range


def break_it(system: System) -> None:
    initialised(system)
    system.replace(FILE, APART, INSIDE)


def fix(system: System) -> None:
    if INSIDE in (system.phase.directory / FILE).read_text(encoding="utf-8"):
        system.replace(FILE, INSIDE, APART)


DRILL = Drill(
    title="“All our addresses begin with 10.20 now. It is so much easier to remember.”",
    difficulty=2,
    turns_red=test_plan_finds_no_difference,
    hints=(
        "Nothing has changed on Azure. What does terraform plan say about the code?",
        "A validation in terraform/modules/network/variables.tf refuses it. Which two ranges does "
        "it compare?",
        "10.20.0.0/16 ends with 10.20.255.255: find out where the range of `services` begins "
        "and ends. Then: git diff phases/phase3/terraform/azure/variables.tf",
    ),
    way_back=(
        "Give the Services their own range again. The range of an existing\n"
        "cluster can never change: plan would destroy the cluster and create another one.\n"
        f"{HERE_ON_AZURE} plan"
    ),
    break_it=break_it,
    fix=fix,
    targets=("azure",),
)

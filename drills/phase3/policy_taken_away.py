"""A rule that a colleague removed, because it was in the way."""

from checks.phase3.test_infrastructure import test_plan_finds_no_difference
from drills.phase3._infrastructure import HERE, POLICY, apply, server_of
from workbook.drills.drill import Drill, System


def break_it(system: System) -> None:
    server_of(system).delete("networkpolicy", POLICY)


def fix(system: System) -> None:
    apply(system)


DRILL = Drill(
    title="“I could not reach the database from my notebook. Now I can.”",
    difficulty=1,
    turns_red=test_plan_finds_no_difference,
    hints=(
        "Nothing fails. Who else can reach the database now?",
        "terraform plan says what is missing.",
        "A namespace without a NetworkPolicy is open to every pod of the cluster.",
    ),
    way_back=(
        "Apply. Then give the colleague access that can be traced to a person,\n"
        "such as kubectl port-forward.\n"
        f"{HERE} apply"
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

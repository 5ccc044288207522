"""An object that was deleted outside of Terraform."""

from checks.phase3.test_infrastructure import test_plan_finds_no_difference
from drills.phase3._infrastructure import HERE, apply, server_of
from workbook.drills.drill import Drill, NothingToBreak, System
from workbook.targets.kubernetes import name_of


def break_it(system: System) -> None:
    server = server_of(system)
    names = [name_of(each) for each in server.get("configmaps")]
    ours = [name for name in names if name.startswith("postgres-")]
    if not ours:
        raise NothingToBreak("There is no ConfigMap of the server.", "./workbook goto 3")
    for name in ours:
        server.delete("configmap", name)


def fix(system: System) -> None:
    apply(system)


DRILL = Drill(
    title="“That ConfigMap with the strange name? It did not seem to be in use.”",
    difficulty=1,
    turns_red=test_plan_finds_no_difference,
    hints=(
        "The server runs, because it has read its configuration. What if it starts again?",
        "terraform plan: it creates an object that is in the state but not on the cluster",
        "kubectl --namespace ml-data get configmaps, and what the StatefulSet mounts",
    ),
    way_back=(f"Apply. It creates what is missing and leaves the rest alone.\n{HERE} apply"),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

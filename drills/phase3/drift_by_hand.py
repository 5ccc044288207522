"""A server that was changed by hand, without a record."""

from checks.phase3.test_infrastructure import test_plan_finds_no_difference
from drills.phase3._infrastructure import HERE, apply, server_of
from workbook.drills.drill import Drill, System
from workbook.drills.objects import kubectl


def break_it(system: System) -> None:
    server = server_of(system)
    words = ("set", "resources", "statefulset/postgres", "--containers=postgres")
    kubectl(server, *words, "--limits=cpu=1,memory=512Mi")
    kubectl(server, "rollout", "status", "statefulset/postgres", "--timeout=120s")


def fix(system: System) -> None:
    apply(system)


DRILL = Drill(
    title="“The database was short of memory last night. I have fixed it quickly.”",
    difficulty=2,
    turns_red=test_plan_finds_no_difference,
    hints=(
        "Everything works. What happens to the colleague's change at the next apply?",
        "terraform plan names the object. This provider keeps a fingerprint, and so does not say "
        "which field.",
        "Compare the limits: kubectl --namespace ml-data get statefulset postgres --output "
        "jsonpath='{..containers[*].resources}', and k8s/postgres/statefulset.yaml",
    ),
    way_back=(
        "If the colleague is right, write it into the code; if not, apply reverts it.\n"
        "Either way, code and cluster agree again.\n"
        f"{HERE} apply"
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

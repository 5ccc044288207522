"""An object that is there and in no code."""

from checks.phase3.conftest import DATABASE
from checks.phase3.test_infrastructure import test_all_is_in_terraform
from drills.phase3._infrastructure import create, server_of
from workbook.drills.drill import Drill, System

NAME = "postgres-for-the-dashboard"
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": NAME, "namespace": DATABASE},
    "spec": {
        "selector": {"app.kubernetes.io/name": "postgres"},
        "ports": [{"name": "postgres", "port": 5432, "targetPort": "postgres"}],
    },
}


def break_it(system: System) -> None:
    create(server_of(system), SERVICE)


def fix(system: System) -> None:
    server_of(system).delete("service", NAME)


DRILL = Drill(
    title="“The dashboard needed a name of its own for the database. It took a minute.”",
    difficulty=1,
    turns_red=test_all_is_in_terraform,
    hints=(
        "Plan finds no difference. What does plan not look at?",
        "Compare what is there with what the state knows: kubectl --namespace ml-data get "
        "services, and terraform state list",
        "A Service of the name postgres-for-the-dashboard is in no code.",
    ),
    way_back=(
        "If it is needed, write it into the code and import it; if not, delete it.\n"
        f'  eval "$(./workbook env)"; kubectl --namespace ml-data delete service {NAME}'
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

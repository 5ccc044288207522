"""A rule outside the code that admits every client."""

from checks.phase3.conftest import DATABASE
from checks.phase3.test_infrastructure import test_private_path_works
from drills.phase3._infrastructure import create, server_of
from workbook.drills.drill import Drill, System

NAME = "debugging"
WIDE = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": NAME, "namespace": DATABASE},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]},
}


def break_it(system: System) -> None:
    create(server_of(system), WIDE)


def fix(system: System) -> None:
    server_of(system).delete("networkpolicy", NAME)


DRILL = Drill(
    title="“Just for debugging, and I have not touched your Terraform.”",
    difficulty=1,
    turns_red=test_private_path_works,
    hints=(
        "Plan finds nothing, because it looks only at objects in the state. What else exists?",
        "kubectl --namespace ml-data get networkpolicies",
        "Rules that admit add up. `ingress: [{}]` admits everyone, whatever the others say.",
    ),
    way_back=(
        "Delete what is not in the code. If you need access for debugging,\n"
        "write it into the code: there, others see it and can remove it.\n"
        '  eval "$(./workbook env)"; kubectl --namespace ml-data delete networkpolicy debugging'
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

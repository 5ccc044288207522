"""A volume whose data would go with its claim."""

import json

from checks.phase3.test_lifetimes import VOLUME, test_what_must_outlive_the_server_does
from drills.phase3._infrastructure import server_of
from workbook.drills.drill import Drill, System
from workbook.drills.objects import kubectl
from workbook.targets.kubernetes import Kubernetes


def break_it(system: System) -> None:
    _reclaim(server_of(system), "Delete")


def fix(system: System) -> None:
    _reclaim(server_of(system), "Retain")


def _reclaim(server: Kubernetes, policy: str) -> None:
    patch = {"spec": {"persistentVolumeReclaimPolicy": policy}}
    words = ("patch", "persistentvolume", VOLUME, "--patch-file=/dev/stdin")
    kubectl(server, *words, stdin=json.dumps(patch))


DRILL = Drill(
    title="“Released volumes were piling up in the other cluster. I have set all to clean up.”",
    difficulty=1,
    turns_red=test_what_must_outlive_the_server_does,
    hints=(
        "Nothing is lost, yet. What happens to the rows when the claim is deleted?",
        "kubectl get persistentvolumes shows what will happen to each: RECLAIM POLICY",
        "Delete takes the data with the claim. Retain keeps the data until a person decides.",
    ),
    way_back=(
        "Set it to Retain again:\n"
        '  eval "$(./workbook env)"\n'
        "  kubectl patch persistentvolume postgres --patch "
        '\'{"spec": {"persistentVolumeReclaimPolicy": "Retain"}}\''
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

"""A rule that lets no client through to the database."""

import json

from checks.phase2.conftest import DATABASE
from checks.phase2.test_database import test_log_reaches_database
from drills.phase2._database import END_SESSIONS, sql, wait_for_log
from workbook.drills.drill import Drill, System
from workbook.drills.objects import cluster_of, kubectl

POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "closed-for-the-weekend", "namespace": DATABASE},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
}


def break_it(system: System) -> None:
    kubectl(cluster_of(system).within(DATABASE), "apply", "--filename=-", stdin=json.dumps(POLICY))
    sql(system, END_SESSIONS)  # a rule does not end what is connected already
    wait_for_log(system, "down")


def fix(system: System) -> None:
    policy = "networkpolicy/closed-for-the-weekend"
    kubectl(cluster_of(system).within(DATABASE), "delete", policy, "--ignore-not-found")
    wait_for_log(system, "ok")


DRILL = Drill(
    title="On Friday evening a colleague secured the database.",
    difficulty=3,
    turns_red=test_log_reaches_database,
    hints=(
        "The server's pod is ready: its probe asks from inside. Who cannot reach it?",
        "No answer is not the same as a refusal. What lies between two pods?",
        "kubectl --namespace ml-data get networkpolicies",
    ),
    way_back=(
        "Take the rule away. Phase 5 writes one that admits the API.\n"
        '  eval "$(./workbook env)"\n'
        "  kubectl --namespace ml-data delete networkpolicy closed-for-the-weekend"
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

"""A pod with the app's labels, and nothing that keeps it."""

import json

from checks.phase1.test_disturbance import test_pod_is_replaced
from workbook.drills.drill import Drill, System
from workbook.drills.objects import cluster_of, deployment_of, kubectl
from workbook.targets.kubernetes import APP

STRAY = f"{APP}-debug"


def break_it(system: System) -> None:
    template = deployment_of(system).object["spec"]["template"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": STRAY, "labels": template["metadata"]["labels"]},
        "spec": template["spec"],
    }
    cluster = cluster_of(system)
    kubectl(cluster, "apply", "--filename=-", stdin=json.dumps(pod))
    wait = ("wait", "--for=condition=Ready", f"pod/{STRAY}")
    kubectl(cluster, *wait, "--timeout=60s")


def fix(system: System) -> None:
    now = ("--ignore-not-found", "--grace-period=0", "--force")
    kubectl(cluster_of(system), "delete", "pod", STRAY, *now)


DRILL = Drill(
    title="A colleague looked for a fault at night, with a pod of their own.",
    difficulty=1,
    turns_red=test_pod_is_replaced,
    hints=(
        "How many pods does the Service send requests to, and how many does the Deployment want?",
        "kubectl --namespace ml-demo describe pods: which has no line “Controlled By”?",
        "A pod without a controller is not replaced when it ends, and no update reaches it.",
    ),
    way_back=(
        f'Delete it:\n  eval "$(./workbook env)"; kubectl --namespace ml-demo delete pod {STRAY}'
    ),
    break_it=break_it,
    fix=fix,
)

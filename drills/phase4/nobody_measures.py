"""A cluster without metrics-server."""

from checks.phase4.test_replicas import test_autoscaler_reads_cpu
from drills.phase4._scaler import need_scaler, wait_for_scaler
from workbook.drills.drill import Drill, System
from workbook.drills.objects import cluster_of, kubectl

SERVER = "deployment/metrics-server"


def break_it(system: System) -> None:
    need_scaler(system)
    kubectl(cluster_of(system).within("kube-system"), "scale", SERVER, "--replicas=0")
    wait_for_scaler(system, "ScalingActive", "False")


def fix(system: System) -> None:
    server = cluster_of(system).within("kube-system")
    kubectl(server, "scale", SERVER, "--replicas=1")
    kubectl(server, "rollout", "status", SERVER, "--timeout=120s")
    wait_for_scaler(system, "ScalingActive", "True")


DRILL = Drill(
    title="“What is this metrics-server? Nothing of ours.” It was scaled to zero.",
    difficulty=1,
    turns_red=test_autoscaler_reads_cpu,
    hints=(
        "kubectl --namespace ml-demo get hpa: what does it show before the 70 %?",
        "kubectl top pods does not answer either. Who should?",
        "kubectl --namespace kube-system get deployments",
    ),
    way_back=("Run it again. `up` does this, too:\n  ./workbook up"),
    break_it=break_it,
    fix=fix,
)

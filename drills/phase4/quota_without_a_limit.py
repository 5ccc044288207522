"""A quota that refuses nothing."""

from checks.phase4.test_settings import test_quota_refuses
from workbook.drills.drill import Drill, System
from workbook.drills.objects import change, put_back

PATCH = [{"op": "replace", "path": "/spec/hard/requests.cpu", "value": "1000"}]


def break_it(system: System) -> None:
    change(system, "resourcequota", PATCH, "ml-demo")


def fix(system: System) -> None:
    put_back(system, "resourcequota")


DRILL = Drill(
    title="“The quota was always in the way.”",
    turns_red=test_quota_refuses,
    hints=(
        "Everything runs. What would run that should not?",
        "kubectl --namespace ml-demo describe resourcequotas,limitranges",
        "A limit that nobody can reach is none.",
    ),
    way_back=(
        "Set what the namespace may really take, as has been done now:\n"
        '  eval "$(./workbook env)"\n'
        "  kubectl kustomize phases/phase4/k8s/local | kubectl diff --filename -"
    ),
    break_it=break_it,
    fix=fix,
)

"""A ConfigMap that was edited under running pods."""

from checks.phase4.test_settings import test_settings_roll_out
from drills.phase4._scaler import need_scaler
from workbook.drills.drill import Drill, System
from workbook.drills.objects import change, deployment_of, put_back

PATCH = [{"op": "replace", "path": "/data/SENTIMENT_KEEP_TEXT", "value": "none"}]


def break_it(system: System) -> None:
    need_scaler(system)
    container = deployment_of(system).object["spec"]["template"]["spec"]["containers"][0]
    names = [each["configMapRef"]["name"] for each in container["envFrom"]]
    name = next(name for name in names if name.startswith("settings-"))
    change(system, "configmap", PATCH, name)


def fix(system: System) -> None:
    put_back(system, "configmap")


DRILL = Drill(
    title="“I have set KEEP_TEXT to none, as legal wanted. It is in the ConfigMap.”",
    difficulty=2,
    turns_red=test_settings_roll_out,
    hints=(
        "What does the ConfigMap say, and what does a process say?",
        "kubectl --namespace ml-demo exec deployment/ml-api -- env",
        "A process reads its environment when it starts. Which pods started after the change?",
    ),
    way_back=(
        "Change k8s/base/settings.env and deploy: another hash, another rollout. Here, the\n"
        "old value is back.\n"
        "  ./workbook lab 4"
    ),
    break_it=break_it,
    fix=fix,
)

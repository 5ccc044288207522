"""A password that was changed in one of two places."""

import base64

from checks.phase2.test_database import test_log_reaches_database
from drills.phase2._database import restart_api, wait_for_log
from workbook.drills.drill import Drill, System
from workbook.drills.objects import change, put_back


def break_it(system: System) -> None:
    password = base64.b64encode(b"the-new-one").decode()
    patch = [{"op": "replace", "path": "/data/password", "value": password}]
    change(system, "secret", patch, "database-ml-api")
    restart_api(system)
    wait_for_log(system, "down")


def fix(system: System) -> None:
    put_back(system, "secret")
    restart_api(system)
    wait_for_log(system, "ok")


DRILL = Drill(
    title="The password of ml_api was changed, “everywhere”. Then the API was restarted.",
    turns_red=test_log_reaches_database,
    hints=(
        "Predictions are answered. What does /health say of the log?",
        "The reason stands in the API's log: kubectl --namespace ml-demo logs deployment/ml-api",
        "There are two Secrets with this password, one for each side: database-ml-api in ml-demo, "
        "postgres-passwords in ml-data.",
    ),
    way_back=(
        "Put the same password into both Secrets, as has been done now, and restart the API, so\n"
        "that no connection with the old one is left. The lesson's cell does the first:\n"
        '  eval "$(./workbook env)"; kubectl --namespace ml-demo rollout restart deployment/ml-api'
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

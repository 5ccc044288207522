"""A password where everybody who looks at the Deployment reads it."""

import base64

from checks.phase2.test_security import test_passwords_are_secret
from workbook.drills.drill import Drill, NothingToBreak, System
from workbook.drills.objects import change, cluster_of, deploy_again, put_back, wait_for_rollout


def break_it(system: System) -> None:
    cluster = cluster_of(system)
    secret = cluster.get_one("secrets", "database-ml-api")
    if secret is None:
        raise NothingToBreak("There is no Secret database-ml-api yet.", "./workbook goto 2")
    password = base64.b64decode(secret["data"]["password"]).decode().strip()
    value = {
        "name": "DATABASE_URL",
        "value": f"postgresql://ml_api:{password}@postgres/predictions",
    }
    path = "/spec/template/spec/containers/0/env/-"
    change(system, "deployment", [{"op": "add", "path": path, "value": value}])
    wait_for_rollout(cluster)


def fix(system: System) -> None:
    put_back(system, "deployment")


DRILL = Drill(
    title="For a quick test, somebody wrote the address of the database into the Deployment.",
    turns_red=test_passwords_are_secret,
    hints=(
        "What does a colleague see who may look at Deployments, and not at Secrets?",
        "kubectl --namespace ml-demo describe deployment ml-api",
        "DATABASE_URL holds the password. The API does not even read it.",
    ),
    way_back=(
        "Take the variable out, as has been done now, and then make a new password: the old one\n"
        "is known. Old ReplicaSets keep it, too, until they are gone.\n" + deploy_again(2)
    ),
    break_it=break_it,
    fix=fix,
)

"""A password that everyone can read who may read the Deployment."""

import base64

from checks.phase2.test_security import test_passwords_are_secret
from workbook.drills.drill import NothingToBreak, System
from workbook.drills.factories import patch_drill
from workbook.drills.objects import CONTAINER, Patch, cluster_of, deploy_again, wait_for_new_pods


def with_password(system: System) -> Patch:
    secret = cluster_of(system).get_one("secrets", "database-ml-api")
    if secret is None:
        raise NothingToBreak("There is no Secret database-ml-api yet.", "./workbook goto 2")
    password = base64.b64decode(secret["data"]["password"]).decode().strip()
    url = f"postgresql://ml_api:{password}@postgres/predictions"
    variable = {"name": "DATABASE_URL", "value": url}
    return [{"op": "add", "path": f"{CONTAINER}/env/-", "value": variable}]


DRILL = patch_drill(
    "deployment",
    with_password,
    title="For a quick test, a colleague wrote the database address into the Deployment.",
    difficulty=1,
    turns_red=test_passwords_are_secret,
    hints=(
        "What does a user see who may read Deployments, but not Secrets?",
        "kubectl --namespace ml-demo describe deployment ml-api",
        "DATABASE_URL holds the password. The API does not even read it.",
    ),
    way_back=(
        "Remove the variable, and then create a new password, because the old\n"
        "one is known. Old ReplicaSets keep it, too, until they are deleted.\n" + deploy_again(2)
    ),
    shows=wait_for_new_pods,
)

"""A password in the state, by way of an output that is marked as sensitive."""

import base64
import json

from checks.phase3.test_state import test_state_holds_no_secret
from drills.phase3._infrastructure import HERE, server_of, state_of, terraform
from workbook.drills.drill import Drill, NothingToBreak, System
from workbook.drills.objects import cluster_of

OUTPUT = "database_password"


def break_it(system: System) -> None:
    server_of(system)
    secret = cluster_of(system).get_one("secrets", "database-ml-api")
    if secret is None:
        raise NothingToBreak("There is no Secret database-ml-api yet.", "./workbook goto 2")
    password = base64.b64decode(secret["data"]["password"]).decode().strip()
    output = {"value": password, "type": "string", "sensitive": True}
    _push(system, {OUTPUT: output})


def fix(system: System) -> None:
    _push(system, {OUTPUT: None})


def _push(system: System, outputs: dict[str, object]) -> None:
    """Change outputs in the state, as an apply of other code would."""
    state = state_of(system)
    changed = {**state["outputs"], **outputs}
    state["outputs"] = {name: output for name, output in changed.items() if output is not None}
    state["serial"] += 1
    terraform(system, "state", "push", "-", stdin=json.dumps(state))


DRILL = Drill(
    title="“I have made an output of the password. It is marked `sensitive`, so it stays secret.”",
    difficulty=2,
    turns_red=test_state_holds_no_secret,
    hints=(
        "terraform output shows <sensitive>. Where does Terraform have it from?",
        "Read the state itself: terraform state pull",
        "It is under outputs, as plain text. terraform plan shows whether the code has it.",
    ),
    way_back=(
        "Remove the output from the code and apply. Then create a new password: anyone who read\n"
        "the state, or keeps an older version of it, has the old one.\n"
        f"{HERE} apply"
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

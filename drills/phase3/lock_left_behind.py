"""A lock whose holder is gone."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from checks.phase3.test_state import LOCK, test_state_is_remote_and_locked
from drills.phase3._infrastructure import HERE, server_of, state_namespace
from workbook.drills.drill import Drill, System
from workbook.drills.objects import kubectl
from workbook.targets.terraform import LEASE, STATE


def break_it(system: System) -> None:
    server_of(system)
    identity = str(uuid4())
    since = datetime.now(UTC) - timedelta(hours=3)
    lock = {
        "ID": identity,
        "Operation": "OperationTypeApply",
        "Info": "",
        "Who": "a-colleague@a-laptop",
        "Version": "1.11.4",
        "Created": since.isoformat().replace("+00:00", "Z"),
        "Path": STATE,
    }
    patch = {
        "metadata": {"annotations": {LOCK: json.dumps(lock)}},
        "spec": {"holderIdentity": identity},
    }
    words = ("patch", "lease", LEASE, "--type=merge", "--patch-file=/dev/stdin")
    kubectl(state_namespace(system), *words, stdin=json.dumps(patch))


def fix(system: System) -> None:
    patch = {"metadata": {"annotations": {LOCK: None}}, "spec": {"holderIdentity": None}}
    words = ("patch", "lease", LEASE, "--type=merge", "--patch-file=/dev/stdin")
    kubectl(state_namespace(system), *words, stdin=json.dumps(patch))


DRILL = Drill(
    title="A colleague's laptop ran out of battery, in the middle of an apply.",
    difficulty=2,
    turns_red=test_state_is_remote_and_locked,
    hints=(
        "What does Terraform say when you want to change something?",
        "It names who holds the lock, since when, and what for. Is that Terraform still at work?",
        "force-unlock takes the lock from any holder. Taken from one who works, two write at "
        "once. So ask first; then: terraform force-unlock ID",
    ),
    way_back=(
        "Make sure that no other apply is running. Then remove the lock by its ID, and look at\n"
        "what the interrupted apply has left:\n"
        f"{HERE} force-unlock ID\n"
        "  terraform -chdir=phases/phase3/terraform/local plan"
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)

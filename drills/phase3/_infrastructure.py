"""What the drills of phase 3 do to the database's infrastructure and to its state."""

import json
from typing import Any

from checks.phase3.conftest import DATABASE
from workbook.drills.drill import NothingToBreak, System
from workbook.drills.objects import cluster_of, kubectl
from workbook.errors import WorkbookError
from workbook.targets.kubernetes import Kubernetes, Object
from workbook.targets.terraform import NAMESPACE, Root, last_words, root_of

GOTO = "./workbook goto 3"
HERE = '  eval "$(./workbook env)"\n  terraform -chdir=phases/phase3/terraform/local'
HERE_ON_AZURE = HERE.replace("local", "azure")
POLICY = "only-the-api"


def server_of(system: System) -> Kubernetes:
    """The cluster, in the namespace of the local server, once its infrastructure is code.

    Raises:
        NothingToBreak: it is not yet.
    """
    server = cluster_of(system).within(DATABASE)
    if server.get_one("networkpolicies", POLICY) is None:
        raise NothingToBreak("The database is not in Terraform yet.", GOTO)
    return server


def terraform(system: System, *words: str, stdin: str = "") -> str:
    """Run terraform in the learner's root; returns what it printed.

    Raises:
        WorkbookError: it failed.
    """
    done = root_of(system.phase, system.choices).run(*words, stdin=stdin)
    if done.returncode != 0:
        raise WorkbookError(f"terraform {words[0]} failed: {last_words(done.stderr)}")
    return done.stdout


def initialised(system: System) -> Root:
    """The learner's root, once it knows where its state is.

    Raises:
        NothingToBreak: it does not yet.
    """
    root = root_of(system.phase, system.choices)
    if not root.is_initialised:
        raise NothingToBreak("Terraform does not know where its state is yet.", GOTO)
    return root


def apply(system: System) -> None:
    """Make it as the code says, and wait until the server is there."""
    terraform(system, "apply", "-auto-approve", "-input=false")
    server = cluster_of(system).within(DATABASE)
    kubectl(server, "rollout", "status", "statefulset/postgres", "--timeout=120s")


def state_namespace(system: System) -> Kubernetes:
    return cluster_of(system).within(NAMESPACE)


def create(cluster: Kubernetes, one: Object) -> None:
    kubectl(cluster, "apply", "--filename=-", stdin=json.dumps(one))


def state_of(system: System) -> dict[str, Any]:
    """The state, to be changed and pushed."""
    found: dict[str, Any] = json.loads(terraform(system, "state", "pull") or "{}")
    if not found.get("resources"):
        raise NothingToBreak("Nothing has been applied yet.", GOTO)
    return found

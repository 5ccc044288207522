"""What the checks of phase 3 look at: the root, its state, and what the API's own pod finds."""

from pathlib import Path
from typing import Any

import pytest

from workbook.checks.inside import ask_pod
from workbook.course.phase import Phase, find_phase, root
from workbook.learner.choices import Choices
from workbook.measure.traffic import read_traffic
from workbook.outcome import NotStarted
from workbook.targets.kubernetes import Kubernetes
from workbook.targets.terraform import (
    HOW_TO_GET_IT,
    NAMESPACE,
    STATE,
    Root,
    root_of,
    version,
)

HERE = Path(__file__).parent
DATABASE = "ml-data"  # the namespace of the local server
RECORDING = "rebuild"
RESOURCE = "kubectl_manifest"  # what an object of the cluster is to the local root
PLACE = "lesson 3, “A place for the state”"


@pytest.fixture(scope="session")
def terraform(choices: Choices, cluster: Kubernetes) -> Root:
    """The learner's root, which knows where its state is."""
    if version() is None:
        raise NotStarted(f"there is no Terraform: {HOW_TO_GET_IT}")
    found = root_of(find_phase(3, root(), choices.target), choices)
    if not found.is_initialised:
        raise NotStarted(f"tell Terraform where its state is: {PLACE}")
    local = choices.target == "local"
    if local and cluster.within(NAMESPACE).get_one("secrets", STATE) is None:
        raise NotStarted(f"nothing has been applied yet: {PLACE}")
    return found


@pytest.fixture(scope="session")
def state(terraform: Root) -> dict[str, Any]:
    """What Terraform remembers."""
    found = terraform.state()
    if not found.get("resources"):
        raise NotStarted(
            "let Terraform take over what is there: lesson 3, “Take over what is there”"
        )
    return found


@pytest.fixture(scope="session")
def inside(cluster: Kubernetes, choices: Choices) -> dict[str, Any]:
    """What the API's own pod finds of the database, with the API's own password."""
    recording = read_traffic(find_phase(3, root(), choices.target).state, RECORDING)
    request_ids = recording.request_ids if recording else "nothing was recorded"
    return ask_pod(cluster, HERE / "from_the_pod.py", request_ids)


def terraform_here(phase: Phase, words: str) -> str:
    """A terraform command, as a learner types it in the workbook's folder."""
    return f"terraform -chdir=phases/{phase.name}/terraform/{phase.target} {words}"


def objects_of(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of the cluster that a state holds: kind, name, namespace and more of each."""
    return [
        instance["attributes"]
        for resource in state["resources"]
        if resource["type"] == RESOURCE
        for instance in resource["instances"]
    ]

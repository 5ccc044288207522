"""What the checks of phase 3 look at: the root, its state, and what the API's own pod finds."""

import json
from pathlib import Path
from typing import Any

import pytest

from workbook.checks.deployment import SELECTOR, is_ready
from workbook.course.phase import Phase, find_phase, root
from workbook.learner.choices import Choices
from workbook.measure.traffic import read_traffic
from workbook.outcome import NotStarted, Wrong
from workbook.targets.kubernetes import Kubernetes, is_ending, name_of
from workbook.targets.terraform import (
    HOW_TO_GET_IT,
    NAMESPACE,
    STATE,
    Root,
    last_words,
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
    pods = [pod for pod in cluster.get("pods", SELECTOR) if is_ready(pod) and not is_ending(pod)]
    if not pods:
        raise NotStarted("no pod of the API is ready: ./workbook goto 2")
    recording = read_traffic(find_phase(3, root(), choices.target).state, RECORDING)
    request_ids = recording.request_ids if recording else "nothing was recorded"
    words = ["exec", "--stdin", name_of(pods[-1]), "--container=ml-api", "--", "python", "-"]
    script = (HERE / "from_the_pod.py").read_text(encoding="utf-8")
    done = cluster.run(*words, request_ids, stdin=script)
    if done.returncode != 0:
        raise Wrong(
            expected="a client in the pod of the API to be asked",
            found=last_words(done.stderr) or "no reason given",
            why="the check looks from where the API looks",
            run_next="kubectl --namespace ml-demo get pods",
        )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


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

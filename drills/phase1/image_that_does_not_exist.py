"""An image that is not there."""

from checks.phase1.test_registry import test_image_is_in_registry
from workbook.checks.deployment import stuck
from workbook.drills.drill import System
from workbook.drills.factories import patch_drill
from workbook.drills.objects import CONTAINER, Patch, deployment_of, wait_for_pods


def not_pushed(system: System) -> Patch:
    absent = f"{deployment_of(system).image.partition('@')[0]}@sha256:{'0' * 64}"
    return [{"op": "replace", "path": f"{CONTAINER}/image", "value": absent}]


def wait(system: System) -> None:
    wait_for_pods(system, lambda pods: any(map(stuck, pods)))


DRILL = patch_drill(
    "deployment",
    not_pushed,
    title="A colleague deployed an image that their laptop has, and forgot to push it.",
    difficulty=1,
    turns_red=test_image_is_in_registry,
    hints=(
        "The address still answers. So who is answering, and what is the new pod waiting for?",
        "kubectl --namespace ml-demo get pods; then describe the one that does not run",
        "Does the registry have what the Deployment names? docker push says what it pushed.",
    ),
    way_back=(
        "Deploy the image that is in the registry. By hand:\n"
        '  eval "$(./workbook env)"; kubectl --namespace ml-demo rollout undo deployment/ml-api'
    ),
    shows=wait,
)

"""An image that is not there."""

from checks.phase1.test_registry import test_image_is_in_registry
from workbook.checks.deployment import stuck
from workbook.drills.drill import Drill, System
from workbook.drills.objects import CONTAINER, change, deployment_of, put_back, wait_for_pods


def break_it(system: System) -> None:
    image = deployment_of(system).image.partition("@")[0]
    absent = f"{image}@sha256:{'0' * 64}"
    change(system, "deployment", [{"op": "replace", "path": f"{CONTAINER}/image", "value": absent}])
    wait_for_pods(system, lambda pods: any(map(stuck, pods)))


def fix(system: System) -> None:
    put_back(system, "deployment")


DRILL = Drill(
    title="A colleague deployed an image that their laptop has, and forgot to push it.",
    turns_red=test_image_is_in_registry,
    hints=(
        "The address still answers. So who is answering, and what is the new pod waiting for?",
        "kubectl --namespace ml-demo get pods; then describe the one that does not run",
        "Does the registry have what the Deployment names? docker push says what it pushed.",
    ),
    way_back=(
        "Deploy the image that is in the registry, as has been done now. By hand:\n"
        '  eval "$(./workbook env)"; kubectl --namespace ml-demo rollout undo deployment/ml-api'
    ),
    break_it=break_it,
    fix=fix,
)

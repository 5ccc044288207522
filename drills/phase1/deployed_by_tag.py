"""An image that is named by a tag."""

from checks.phase1.test_pod import test_pod_runs_pushed_image
from checks.phase1.test_service import test_address_predicts
from workbook.drills.drill import System
from workbook.drills.factories import patch_drill
from workbook.drills.objects import CONTAINER, Patch, deployment_of, wait_for_new_pods


def by_tag(system: System) -> Patch:
    image = f"{deployment_of(system).image.partition('@')[0]}:v1"
    return [{"op": "replace", "path": f"{CONTAINER}/image", "value": image}]


DRILL = patch_drill(
    "deployment",
    by_tag,
    title="It was late, and the digest is long: a colleague deployed `ml-api:v1`.",
    difficulty=1,
    turns_red=test_pod_runs_pushed_image,
    also=(test_address_predicts,),  # `v1` is a model from before the last training
    hints=(
        "Everything runs. But what exactly runs?",
        "Which image does the Deployment name? kubectl -n ml-demo get deployments -o wide",
        "A tag is a name that anyone can move. A digest names one image, for ever.",
    ),
    way_back=(
        "Deploy by digest:\n"
        '  eval "$(./workbook env)"; kubectl --namespace ml-demo rollout undo deployment/ml-api'
    ),
    shows=wait_for_new_pods,
)

"""An image that is named by a tag."""

from checks.phase1.test_pod import test_pod_runs_pushed_image
from workbook.drills.drill import Drill, System
from workbook.drills.objects import (
    CONTAINER,
    change,
    cluster_of,
    deployment_of,
    put_back,
    wait_for_rollout,
)


def break_it(system: System) -> None:
    image = f"{deployment_of(system).image.partition('@')[0]}:v1"
    change(system, "deployment", [{"op": "replace", "path": f"{CONTAINER}/image", "value": image}])
    wait_for_rollout(cluster_of(system))


def fix(system: System) -> None:
    put_back(system, "deployment")


DRILL = Drill(
    title="It was late, and the digest is long: a colleague deployed `ml-api:v1`.",
    turns_red=test_pod_runs_pushed_image,
    hints=(
        "Everything runs. But what exactly runs?",
        "Which image does the Deployment name? kubectl -n ml-demo get deployments -o wide",
        "A tag is a name that anybody can move; a digest is the image itself.",
    ),
    way_back=(
        "Deploy by digest, as has been done now:\n"
        '  eval "$(./workbook env)"; kubectl --namespace ml-demo rollout undo deployment/ml-api'
    ),
    break_it=break_it,
    fix=fix,
)

"""A container that may change its own program."""

from checks.phase1.test_pod import test_pod_is_confined
from workbook.drills.drill import Drill, System
from workbook.drills.objects import (
    CONTAINER,
    change,
    cluster_of,
    deploy_again,
    put_back,
    wait_for_rollout,
)


def break_it(system: System) -> None:
    # Pod Security's level `restricted` asks for a user that is not root; not for read-only files
    path = f"{CONTAINER}/securityContext/readOnlyRootFilesystem"
    change(system, "deployment", [{"op": "replace", "path": path, "value": False}])
    wait_for_rollout(cluster_of(system))


def fix(system: System) -> None:
    put_back(system, "deployment")


DRILL = Drill(
    title="A library wanted to write a cache, and somebody let the container write.",
    turns_red=test_pod_is_confined,
    hints=(
        "Whoever can run code in this pod: what could they change?",
        'Try it: kubectl -n ml-demo exec deployment/ml-api -- python -c \'open("/tmp/x", "w")\'',
        "Look for readOnlyRootFilesystem in the Deployment.",
    ),
    way_back=(
        "Make the root file system read-only again, as has been done now; what must write gets an\n"
        "emptyDir of its own:\n" + deploy_again(1)
    ),
    break_it=break_it,
    fix=fix,
)

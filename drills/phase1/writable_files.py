"""A container that may change its own program."""

from checks.phase1.test_pod import test_pod_is_confined
from workbook.drills.factories import patch_drill
from workbook.drills.objects import CONTAINER, deploy_again, wait_for_new_pods

DRILL = patch_drill(
    "deployment",
    # `restricted` asks for a user that is not root, and not for read-only files
    [
        {
            "op": "replace",
            "path": f"{CONTAINER}/securityContext/readOnlyRootFilesystem",
            "value": False,
        }
    ],
    title="A library wanted to write a cache, and a colleague let the container write.",
    difficulty=1,
    turns_red=test_pod_is_confined,
    hints=(
        "What could an attacker change who can run code in this pod?",
        'Try it: kubectl -n ml-demo exec deployment/ml-api -- python -c \'open("/tmp/x", "w")\'',
        "Look for readOnlyRootFilesystem in the Deployment.",
    ),
    way_back=(
        "Make the root file system read-only again. A path that must be\n"
        "writable gets its own emptyDir:\n" + deploy_again(1)
    ),
    shows=wait_for_new_pods,
)

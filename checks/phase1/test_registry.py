"""The registry of phase 1: it holds the image that the Deployment names."""

import re
import urllib.error
import urllib.request

from checks.phase1 import test_cluster
from workbook.checks.check import check
from workbook.checks.deployment import Deployment, stuck
from workbook.course.phase import root
from workbook.learner.choices import Choices
from workbook.outcome import Unknown, Wrong
from workbook.targets.azure.client import AzureError, NotThere, open_azure
from workbook.targets.kubernetes import name_of

MANIFESTS = (  # of a single image and of an image for several architectures
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json"
)
SECONDS_TO_ANSWER = 5
NEVER_PUSHED = "the image was never pushed under this name, or was deleted: no node can fetch it"
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is on this machine


Problem = tuple[str, str, str]  # what was found, why, what to run next


@check(read="phases/phase1/README.md#put-it-into-a-registry", after=test_cluster.test_node_is_ready)
def test_image_is_in_registry(deployment: Deployment, choices: Choices) -> str:
    """Image is in the registry"""
    host, _, image = deployment.image.partition("/")
    if not image:
        raise Wrong(
            expected="an image of your registry: HOST/NAME@sha256:…",
            found=deployment.image,
            why="the Deployment names no registry, so the node asks a public one",
            run_next="deploy again, as the lesson does under “Run it on Kubernetes”",
        )
    on_azure = choices.target == "azure"
    problem = _ask_azure(host, image, choices) if on_azure else _ask(host, image)
    if problem is None:
        return image[:40]
    found, why, run_next = problem
    waiting = [
        f"{name_of(pod)}: {stuck(pod)}\n{deployment.cluster.events(pod, count=1)}"
        for pod in deployment.pods()
        if stuck(pod)
    ]
    raise Wrong(
        expected=f"{deployment.image} in the registry",
        found="\n".join([found, *waiting]),
        why=why,
        run_next=run_next,
    )


def _ask(host: str, image: str) -> Problem | None:
    """Ask the registry beside the local cluster; None where it has the image."""
    repository, at, digest = image.partition("@")
    if not at:
        repository, _, digest = image.partition(":")
    request = urllib.request.Request(
        f"http://{host}/v2/{repository}/manifests/{digest or 'latest'}",
        method="HEAD",
        headers={"Accept": MANIFESTS},
    )
    try:
        with DIRECTLY.open(request, timeout=SECONDS_TO_ANSWER):
            return None
    except urllib.error.HTTPError as error:
        return (
            f"the registry answers {error.code}: {error.reason}",
            NEVER_PUSHED,
            f"docker image ls --digests {host}/{repository}; then docker push it",
        )
    except OSError as error:
        return (
            f"no answer from {host}: {getattr(error, 'reason', error)}",
            "the registry is stopped. Running pods go on, but a new pod cannot fetch its image",
            "./workbook up",
        )


def _ask_azure(host: str, image: str, choices: Choices) -> Problem | None:
    """Ask Azure's registry; None where it has the image.

    Raises:
        Unknown: az cannot ask it.
    """
    name = host.removesuffix(".azurecr.io")
    try:
        azure = open_azure(root(), choices)
        azure.ask("acr", "repository", "show", "--name", name, "--image", image)
    except NotThere as error:
        repository = re.split("[@:]", image)[0]
        tags = f"az acr repository show-tags --name {name} --repository {repository}"
        return str(error), NEVER_PUSHED, f"{tags}; then az acr build, as the lesson does"
    except AzureError as error:
        raise Unknown(f"{error} Run: {error.run_next}") from None
    return None

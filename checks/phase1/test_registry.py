"""The registry of phase 1: it holds the image that the Deployment names."""

import urllib.error
import urllib.request

from checks.phase1 import test_cluster
from workbook.check import Unknown, Wrong, check
from workbook.choices import Choices
from workbook.deployment import Deployment, stuck
from workbook.kubernetes import name_of

MANIFESTS = (  # of a single image and of an image for several architectures
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json"
)
SECONDS_TO_ANSWER = 5
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is on this machine


@check(read="phases/phase1/README.md#put-it-into-a-registry", after=test_cluster.test_node_is_ready)
def test_image_is_in_registry(deployment: Deployment, choices: Choices) -> str:
    """Image is in the registry"""
    if choices.target != "local":
        raise Unknown("Azure's registry is not asked yet: az acr repository show-tags shows it")
    host, _, rest = deployment.image.partition("/")
    if not rest:
        raise Wrong(
            expected="an image of your registry: HOST/NAME@sha256:…",
            found=deployment.image,
            why="the Deployment names no registry, so that the node asks a public one",
            run_next="deploy again, as the lesson does under “Run it on Kubernetes”",
        )
    repository, at, digest = rest.partition("@")
    if not at:
        repository, _, digest = rest.partition(":")
    request = urllib.request.Request(
        f"http://{host}/v2/{repository}/manifests/{digest or 'latest'}",
        method="HEAD",
        headers={"Accept": MANIFESTS},
    )
    try:
        with DIRECTLY.open(request, timeout=SECONDS_TO_ANSWER):
            return f"{repository} {digest[:23]}"
    except urllib.error.HTTPError as error:
        found = f"the registry answers {error.code}: {error.reason}"
        why = "the image was never pushed under this name, or was deleted: no node can fetch it"
        run_next = f"docker image ls --digests {host}/{repository}; then docker push it"
    except OSError as error:
        found = f"no answer from {host}: {getattr(error, 'reason', error)}"
        why = "the registry is stopped. What runs goes on; the next pod cannot fetch its image"
        run_next = "./workbook up"
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

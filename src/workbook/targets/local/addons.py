"""What the phases rely on and do not teach: images for k8s/, and metrics-server.

Azure brings all of it along; here `workbook up` does.
"""

from workbook.errors import WorkbookError
from workbook.targets.kubernetes import Kubernetes
from workbook.targets.local import kit, registry
from workbook.targets.local.cluster import Record
from workbook.targets.local.engine import Engine
from workbook.targets.local.tools import Say
from workbook.targets.local.versions import ROOT, versions

# What the manifests of k8s/ run: the name in the registry, the public image's, the kit's.
IMAGES = {
    "postgres:17": ("postgres", kit.POSTGRES_IMAGE),
    "traefik:3": ("traefik", kit.TRAEFIK_IMAGE),
}
METRICS_SERVER = ROOT / "k8s" / "metrics-server"


def provide(engine: Engine, record: Record, kubernetes: Kubernetes, say: Say) -> None:
    """Put the images into the registry and deploy metrics-server.

    All of it each time: the registry or the cluster may be a new one, and an image another.

    Raises:
        WorkbookError: an image cannot be had, or the cluster refuses.
    """
    if record.offline:
        kit.images(engine, say, but=kit.NODE_IMAGE)  # the node runs already
    for name, (public, built) in IMAGES.items():
        image = built if record.offline else _pulled(engine, public)
        registry.put(engine, record, image, name)
    public = versions().images["metrics-server"]
    image = kit.METRICS_SERVER_IMAGE if record.offline else public  # in the node, or fetched by it
    made = kubernetes.run("kustomize", str(METRICS_SERVER)).stdout
    applied = kubernetes.within("kube-system").run(
        *("apply", "--server-side", "--force-conflicts", "--filename=-"),
        stdin=made.replace("image: metrics-server\n", f"image: {image}\n"),
    )
    if applied.returncode != 0:
        raise WorkbookError(f"metrics-server cannot be deployed: {applied.stderr.strip()}")


def _pulled(engine: Engine, public: str) -> str:
    image = versions().images[public]
    if engine.run("image", "inspect", image, check=False).returncode != 0:
        engine.run("pull", "--quiet", image)
    return image

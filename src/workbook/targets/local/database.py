"""What the database of k8s/postgres needs of the local target, and what it leaves there."""

from workbook.targets.kubernetes import Kubernetes
from workbook.targets.local.cluster import NODE
from workbook.targets.local.engine import Engine

NAMESPACE = "ml-data"  # k8s/postgres/namespace.yaml
VOLUME = "postgres"  # k8s/postgres/persistentvolume.yaml, and so its folder on the node
FOLDER = "/var/lib/workbook/postgres"
USER = "999"  # k8s/postgres/statefulset.yaml


def make_folder(engine: Engine) -> None:
    """Make the folder for its data on the node, as the kubelet would, where it is not there."""
    # the kubelet leaves the files inside alone if owner and mode are as it wants them
    make = ["install", "--directory", f"--owner={USER}", f"--group={USER}", "--mode=2770", FOLDER]
    engine.run("exec", NODE, *make)


def remove(engine: Engine, cluster: Kubernetes) -> None:
    """Remove its data and then its volume: while the volume is there, so may data be.

    Raises:
        WorkbookError: one of them cannot be removed.
    """
    engine.run("exec", NODE, "rm", "--recursive", "--force", FOLDER)
    make_folder(engine)
    cluster.delete("persistentvolume", VOLUME)

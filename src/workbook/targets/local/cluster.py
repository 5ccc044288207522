"""The workbook's own cluster on this machine: its record, and how it is recognised.

The record is written before the cluster is made. So a cluster of our name without a record belongs
to another user and is left alone. A cluster whose creation was interrupted is made again.
"""

import base64
import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbook.learner.store import kept, read_state, write_json

NAME = "workbook"
NODE = f"{NAME}-control-plane"  # as kind names it
# Where the cluster answers inside its node, by the field of Record that says where on this machine.
NODE_PORTS = {
    "cluster_port": 30080,  # phases/*/k8s/local/service.yaml
    "database_port": 30432,  # k8s/postgres/service-outside.yaml
    "gateway_port": 30443,  # k8s/gateway/service.yaml
    "gateway_http_port": 30081,
}


@kept
@dataclass(frozen=True)
class Record:
    """What is recorded of the cluster."""

    kubernetes: str  # version
    node_image: str
    registry_image: str
    base_image: str  # what the learner's own images are built on
    offline: bool
    docker_host: str  # of the engine, where it is the workbook's own; else ""
    cluster_port: int  # of this machine, published by the node
    registry_port: int
    database_port: int
    gateway_port: int
    gateway_http_port: int
    authority: str = ""  # sha256 of its API server's certificate authority; set when ready


class Cluster:
    """The cluster of one folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.state = home / ".workbook" / "local"
        self.kubeconfig = self.state / "kubeconfig"
        self.kind_config = self.state / "kind.json"
        self._file = self.state / "cluster.json"

    def record(self) -> Record | None:
        """The record, or None where there is no cluster of ours."""
        return read_state(self._file, Record)

    def write(self, record: Record) -> None:
        """Keep the record."""
        write_json(self._file, asdict(record))

    def forget(self) -> None:
        """Remove all that is kept of the cluster."""
        for path in self.files():
            path.unlink()

    def files(self) -> list[Path]:
        """What is kept of the cluster."""
        ours = (self.kubeconfig, self.kind_config, self._file)
        return [path for path in ours if path.exists()]


def authority(kubeconfig: dict[str, Any]) -> str:
    """What an API server is recognised by: the sha256 of its certificate authority.

    Args:
        kubeconfig: as `kubectl config view --raw --minify -o json` gives it.
    """
    data = kubeconfig["clusters"][0]["cluster"].get("certificate-authority-data", "")
    return hashlib.sha256(base64.b64decode(data)).hexdigest()

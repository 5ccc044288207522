"""The workbook's own cluster on this machine: its record, and how it is recognised.

The record is written before the cluster is made. So a cluster of our name without a record belongs
to another user and is left alone. A cluster whose creation was interrupted is made again.
"""

import base64
import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbook.learner.ports import ClusterPorts
from workbook.learner.store import kept, read_state, write_json

NAME = "workbook"
NODE = f"{NAME}-control-plane"  # as kind names it


@kept
@dataclass(frozen=True, kw_only=True)
class Record(ClusterPorts):
    """What is recorded of the cluster, with the ports of this machine where it answers."""

    kubernetes: str  # version
    node_image: str
    registry_image: str
    base_image: str  # what the learner's own images are built on
    offline: bool
    docker_host: str  # of the engine, where it is the workbook's own; else ""
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

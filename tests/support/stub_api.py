"""An API server of a few lines: it gives a manifest back with some defaults, and validates nothing.

What a real one refuses is proved on a cluster, in tests/live.
"""

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import yaml

Object = dict[str, Any]


class StubApi:
    """Stands for `Kubernetes`, with these Deployments."""

    namespace = "ml-demo"
    restart = "./workbook up"

    def __init__(self, deployment: Path) -> None:
        self.deployment: Object = yaml.safe_load(deployment.read_text(encoding="utf-8"))

    def get_one(self, kind: str, name: str) -> Object | None:
        return self.deployment if kind == "deployment" or kind == "deployments" else None

    def run(self, verb: str, *words: str) -> "CompletedProcess[str]":
        assert "--dry-run=server" in words
        [file] = [word.partition("=")[2] for word in words if "file" in word]
        given = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
        answer = _with_defaults(given) if verb == "apply" else _merged(self.deployment, given)
        return CompletedProcess([verb, *words], 0, json.dumps(answer), "")


def _with_defaults(manifest: Object) -> Object:
    spec = manifest["spec"]
    if manifest["kind"] == "Service":
        spec.setdefault("type", "ClusterIP")
        for port in spec["ports"]:
            port.setdefault("targetPort", port["port"])
            port.setdefault("protocol", "TCP")
    return manifest


def _merged(old: Object, patch: Object) -> Object:
    spec = {**old["spec"], **patch["spec"]}
    if spec["strategy"]["type"] == "RollingUpdate":
        update = {"maxSurge": "25%", "maxUnavailable": "25%"}
        update |= old["spec"]["strategy"]["rollingUpdate"]
        spec["strategy"]["rollingUpdate"] = {
            **update,
            **(patch["spec"]["strategy"].get("rollingUpdate") or {}),
        }
    return {**old, "spec": spec}

"""A cluster that is not there: its record, and a kubectl that answers what a test says."""

import base64
import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbook.targets.local.cluster import Cluster, Record

RECORD = Record(
    kubernetes="1.36.2",
    node_image="node",
    registry_image="registry",
    base_image="base",
    offline=True,
    docker_host="",
)


def write_kubectl(file: Path, cases: dict[str, str], first: str = "") -> None:
    """Write a kubectl that runs the shell of the first pattern that fits its words.

    Args:
        file: the program.
        cases: the shell to run, by patterns of `case`.
        first: shell that runs each time, before that.
    """
    lines = [f"{pattern}) {shell} ;;" for pattern, shell in cases.items()]
    file.write_text("\n".join(["#!/bin/sh", first, 'case "$*" in', *lines, "esac\n"]))
    file.chmod(0o755)


def use_cluster(home: Path, name: str) -> None:
    """Let the workbook's kubeconfig lead to a cluster, as `az aks get-credentials` does."""
    kubeconfig = home / ".workbook" / "azure" / "kubeconfig"
    kubeconfig.parent.mkdir(parents=True, exist_ok=True)
    kubeconfig.write_text(f"apiVersion: v1\nclusters: []\ncurrent-context: {name}\nkind: Config\n")


def say(*items: Any) -> str:
    """The shell that answers with these objects, or with the one that is asked for by its name."""
    named = [
        f"*' {name} --ignore-not-found'*) echo '{json.dumps(item)}' ;;"
        for item in items
        if (name := item.get("metadata", {}).get("name"))
    ]
    others = ["*--ignore-not-found*) ;;", f"*) echo '{json.dumps({'items': items})}' ;;"]
    return "\n".join(['case "$*" in', *named, *others, "esac"])


def cluster_of(home: Path) -> dict[str, str]:
    """Record a cluster as ours; what its kubectl answers when it is asked whether it is."""
    certificate = b"of our cluster"
    cluster = Cluster(home)
    cluster.write(replace(RECORD, authority=hashlib.sha256(certificate).hexdigest()))
    cluster.kubeconfig.touch()
    data = base64.b64encode(certificate).decode()
    config = {"clusters": [{"cluster": {"certificate-authority-data": data, "server": ""}}]}
    return {"*'config view'*": f"echo '{json.dumps(config)}'", "*readyz*": "exit 0"}


PROXY = """
import socketserver, sys, time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

events = Path(sys.argv[1])
socket = next(w.partition("=")[2] for w in sys.argv if w.startswith("--unix-socket="))


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        file = events / self.path.partition("?")[0].rpartition("/")[2]
        if not file.exists():
            return self.send_error(404)
        self.send_response(200)
        self.end_headers()
        with file.open("rb") as lines:
            while file.exists():
                self.wfile.write(lines.readline())
                self.wfile.flush()
                time.sleep(0.05)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


Server(socket, Answer).serve_forever()
"""


def proxy_of(events: Path) -> dict[str, str]:
    """The case of a `kubectl proxy` whose API server reports what a test adds to files.

    Args:
        events: a folder, with a file for each kind that the API server knows: an event a line.
    """
    program = events.parent / "proxy.py"
    program.write_text(PROXY)
    return {"*' proxy '*": f'exec "{sys.executable}" "{program}" "{events}" "$@"'}


def event(kind: str, name: str, version: int = 1, **more: Any) -> str:
    """What the API server says of an object, in a line.

    Args:
        kind: of the event, such as ADDED.
        name: of the object.
        version: its resourceVersion.
        more: of its metadata.
    """
    metadata = {"namespace": "ml-demo", "name": name, "resourceVersion": str(version), **more}
    return json.dumps({"type": kind, "object": {"metadata": metadata}}) + "\n"

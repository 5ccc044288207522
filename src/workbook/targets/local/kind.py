"""kind, the program that makes and removes the cluster."""

import json
import subprocess

from workbook.errors import WorkbookError
from workbook.learner.background import Background
from workbook.learner.ports import CLUSTER_PORTS
from workbook.programs import run
from workbook.targets.local.cluster import NAME, Cluster, Record
from workbook.targets.local.engine import Engine
from workbook.targets.local.tools import Say, tool

SECONDS_TO_BE_READY = 240
SECONDS_TO_BE_MADE = 1800  # with the pull of its image on a slow line
SECONDS_TO_ANSWER = 300  # deleting included
LOOPBACK = "127.0.0.1"
ALSO_ON_CGROUP_V1 = "kind: KubeletConfiguration\nfailCgroupV1: false\n"


def has_cluster(engine: Engine) -> bool:
    """Whether the engine holds a cluster of our name, ours or not."""
    return NAME in _run(engine, "get", "clusters").split()


def delete(engine: Engine, cluster: Cluster) -> None:
    """Remove the cluster, if there is one, complete or not."""
    _run(engine, "delete", "cluster", f"--name={NAME}", f"--kubeconfig={cluster.kubeconfig}")


def create(
    engine: Engine, cluster: Cluster, record: Record, background: Background, say: Say
) -> None:
    """Make the cluster.

    Raises:
        WorkbookError: kind failed, with its last words.
    """
    ports = [
        {
            "containerPort": each.node,
            "hostPort": getattr(record, each.name),
            "listenAddress": LOOPBACK,
        }
        for each in CLUSTER_PORTS
        if each.node
    ]
    config = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "nodes": [
            {"role": "control-plane", "image": record.node_image, "extraPortMappings": ports}
        ],
        # the kit's node sees to this by itself
        "kubeadmConfigPatches": [] if record.offline else [ALSO_ON_CGROUP_V1],
    }
    file = cluster.kind_config
    file.write_text(json.dumps(config, indent=2), encoding="utf-8")
    command = [str(tool("kind", say)), "create", "cluster", f"--name={NAME}"]
    command += [f"--config={file}", f"--kubeconfig={cluster.kubeconfig}"]
    command += [f"--wait={SECONDS_TO_BE_READY}s"]
    log = background.logs / "kind.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        # not by background.start: what matters here is how it ends
        process = subprocess.Popen(
            command,
            env=engine.environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # remembered, so that one that outlives this process is found and ended by the next
    background.remember(process.pid, log, "kind", command)
    try:
        status = process.wait(SECONDS_TO_BE_MADE)
    except subprocess.TimeoutExpired:
        status = None
    finally:
        background.end_all()
    if status != 0:
        said = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        how = "could not make the cluster" if status else f"took over {SECONDS_TO_BE_MADE} s"
        raise WorkbookError(f"kind {how}. It said:\n{said}", "./workbook up")


def _run(engine: Engine, *words: str) -> str:
    command = [str(tool("kind")), *words]
    done = run(command, SECONDS_TO_ANSWER, environment=engine.environment())
    if done.returncode != 0:
        raise WorkbookError(f"kind {words[0]} {words[1]} failed: {done.stderr.strip()}")
    return done.stdout

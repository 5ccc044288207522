"""`workbook up` and `workbook down`: make the cluster and what is beside it, and remove it all."""

import dataclasses
import json
import subprocess
import time
from typing import Any

from workbook.background import Background
from workbook.choices import Choices
from workbook.doctor import taken_by
from workbook.errors import WorkbookError
from workbook.local import kit, registry
from workbook.local.cluster import NAME, NODE, NODE_PORT, Cluster, Record, authority
from workbook.local.engine import (
    Engine,
    EngineUnusable,
    can_start_own,
    end_own,
    find_engine,
    left_over,
    start_own,
)
from workbook.local.tools import is_built, remove_sources, tool
from workbook.local.versions import versions
from workbook.progress import Steps

SECONDS_TO_BE_READY = 240
SECONDS_TO_RETURN = 90
LOOPBACK = "127.0.0.1"
TOOLS = ("kind", "kubectl")
ALSO_ON_CGROUP_V1 = "kind: KubeletConfiguration\nfailCgroupV1: false\n"


def up(cluster: Cluster, choices: Choices, steps: Steps, offline: bool = False) -> Record:
    """Make the cluster, or what is missing of it.

    Raises:
        WorkbookError: an engine, a port or a permission is missing, or another cluster has our
            name.
    """
    background = Background(cluster.state / "up")
    background.end_all()  # what an interrupted `up` has left at work
    with steps("Container engine"):
        engine = _engine(cluster, steps, offline)
    record = cluster.record()
    if not all(map(is_built, TOOLS)):
        with steps("kind and kubectl"):
            for name in TOOLS:
                tool(name, steps.say)
    if record is None:
        _refuse_what_is_not_ours(engine, cluster)
        _refuse_ports_that_are_taken(choices)
        with steps("Images"):
            record = _plan(engine, choices, steps, offline)
            cluster.write(record)
        remove_sources()
    elif record.offline and not record.authority:
        kit.images(engine, steps.say)  # the kit may have changed since `up` was interrupted
    with steps("Registry"):
        registry.make(engine, record, str(cluster.home))
    if record.authority:
        with steps("Cluster"):
            _return(engine, cluster)
            registry.join(engine, record)  # the registry's container may be a new one
    else:
        with steps(f"Cluster with Kubernetes {record.kubernetes}"):
            _create(engine, cluster, record, background, steps)
            registry.join(engine, record)
            record = dataclasses.replace(record, authority=authority(_config(cluster)))
            cluster.write(record)
    return record


def down(cluster: Cluster, steps: Steps) -> None:
    """Remove the cluster, the registry, the images made here, and the engine if it is our own."""
    Background(cluster.state / "up").end_all()
    record = cluster.record()
    engine = _running_engine(cluster)
    if record and engine is None and not record.docker_host:  # our own engine takes all with it
        raise WorkbookError(
            "The container engine does not answer, so that the cluster in it cannot be removed.",
            "start the engine (for example Docker), then ./workbook down",
        )
    if engine and record:
        with steps("Cluster and registry"):
            _kind(engine, "delete", "cluster", f"--kubeconfig={cluster.kubeconfig}")
            registry.remove(engine)
            if not engine.own and (images := _images(engine, record)):  # all of our own ends below
                engine.run("image", "rm", "--force", *images)
    with steps("Container engine"):
        end_own(cluster.home, steps.say)
    cluster.forget()


def left_behind(cluster: Cluster) -> list[str]:
    """Whatever of ours is still on this machine, in words; empty after `down`."""
    found = [f"file {path}" for path in cluster.files()]
    found += [f"process {p.pid}" for p in Background(cluster.state / "up").running()]
    found += left_over(cluster.home)
    engine = _running_engine(cluster)
    if engine is None:
        return found
    mine = ["--filter", f"label={registry.LABEL}={cluster.home}"]
    nodes = ["--filter", f"label=io.x-k8s.kind.cluster={NAME}"]
    for what, listing in {
        "container": ["ps", "--all", "--format={{.Names}}", *mine],
        "volume": ["volume", "ls", "--format={{.Name}}", *mine],
        "node": ["ps", "--all", "--format={{.Names}}", *nodes],
        "image": ["image", "ls", "--quiet", "--filter=reference=workbook/*"],
    }.items():
        found += [f"{what} {name}" for name in engine.run(*listing).stdout.split()]
    return found


def _engine(cluster: Cluster, steps: Steps, offline: bool) -> Engine:
    if offline:
        return start_own(cluster.home, steps.say)
    try:
        return find_engine(cluster.home)
    except EngineUnusable as error:
        if not can_start_own():
            raise
        steps.say(f"{error} Using one of the workbook's own (offline/README.md).")
        return start_own(cluster.home, steps.say)


def _plan(engine: Engine, choices: Choices, steps: Steps, offline: bool) -> Record:
    """Decide between public images and the kit, and have the images there."""
    table = versions()
    public = not offline and kit.can_pull(engine)
    if not public:
        steps.say("no public images here: using the offline kit (offline/README.md)")
        kit.images(engine, steps.say)
    return Record(
        kubernetes=table.kubernetes,
        node_image=table.images["node"] if public else kit.NODE_IMAGE,
        registry_image=table.images["registry"] if public else kit.REGISTRY_IMAGE,
        base_image=table.images["python"] if public else kit.BASE_IMAGE,
        offline=not public,
        docker_host=(engine.host or "") if engine.own else "",
        cluster_port=choices.cluster_port,
        registry_port=choices.registry_port,
    )


def _create(
    engine: Engine, cluster: Cluster, record: Record, background: Background, steps: Steps
) -> None:
    _kind(engine, "delete", "cluster", f"--kubeconfig={cluster.kubeconfig}")  # an interrupted one
    port = {"containerPort": NODE_PORT, "hostPort": record.cluster_port, "listenAddress": LOOPBACK}
    config = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "nodes": [
            {"role": "control-plane", "image": record.node_image, "extraPortMappings": [port]}
        ],
        # the kit's node sees to this by itself
        "kubeadmConfigPatches": [] if record.offline else [ALSO_ON_CGROUP_V1],
    }
    file = cluster.kind_config
    file.write_text(json.dumps(config, indent=2), encoding="utf-8")
    command = [str(tool("kind", steps.say)), "create", "cluster", f"--name={NAME}"]
    command += [f"--config={file}", f"--kubeconfig={cluster.kubeconfig}"]
    command += [f"--wait={SECONDS_TO_BE_READY}s"]
    log = background.logs / "kind.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
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
        status = process.wait()
    finally:
        background.end_all()
    if status != 0:
        said = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        raise WorkbookError(f"kind could not make the cluster. It said:\n{said}", "./workbook up")


def _return(engine: Engine, cluster: Cluster) -> None:
    """Wait until the API server answers; start the node where it is stopped.

    Raises:
        WorkbookError: it does not answer.
    """
    started = engine.run("start", NODE, check=False)
    if started.returncode != 0:
        raise WorkbookError(
            f"The cluster's node is gone: {started.stderr.strip()}",
            "./workbook down && ./workbook up, which makes a new one",
        )
    deadline = time.monotonic() + SECONDS_TO_RETURN
    while time.monotonic() < deadline:
        if _kubectl(cluster, "get", "--raw=/readyz", "--request-timeout=5s").returncode == 0:
            return
        time.sleep(0.5)
    raise WorkbookError(
        f"The cluster does not answer within {SECONDS_TO_RETURN} s. See: docker logs {NODE}",
        "./workbook down && ./workbook up, which makes a new one",
    )


def _refuse_what_is_not_ours(engine: Engine, cluster: Cluster) -> None:
    if NAME in _kind(engine, "get", "clusters").split():
        raise WorkbookError(
            f"There is a kind cluster {NAME!r} of which nothing is written down in "
            f"{cluster.state}, so it is left alone.",
            f"./workbook down, in the folder that made it; or kind delete cluster --name {NAME}",
        )


def _refuse_ports_that_are_taken(choices: Choices) -> None:
    for option, port in (
        ("--cluster-port", choices.cluster_port),
        ("--registry-port", choices.registry_port),
    ):
        if holder := taken_by(port):
            raise WorkbookError(
                f"Port {port} is taken by {holder}.",
                f"./workbook use {choices.target} {option} {port + 1}",
            )


def _running_engine(cluster: Cluster) -> Engine | None:
    try:
        return find_engine(cluster.home)
    except EngineUnusable:
        return None


def _images(engine: Engine, record: Record) -> list[str]:
    """The names of the images that were made here: the learner's, and the kit's.

    By name and not by id: an image goes with its last name, and takes those below it along.
    """
    images: list[str] = []
    for reference in (f"localhost:{record.registry_port}/*", "workbook/*"):
        listing = ["image", "ls", "--format={{.Repository}}:{{.Tag}}"]
        images += engine.run(*listing, f"--filter=reference={reference}").stdout.split()
    return [image for image in images if "<none>" not in image]


def _kind(engine: Engine, *words: str) -> str:
    command = [str(tool("kind")), *words]
    if words[0] == "delete":
        command.append(f"--name={NAME}")
    done = subprocess.run(command, env=engine.environment(), capture_output=True, text=True)
    if done.returncode != 0:
        raise WorkbookError(f"kind {' '.join(words)} failed: {done.stderr.strip()}")
    return done.stdout


def _kubectl(cluster: Cluster, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [str(tool("kubectl")), f"--kubeconfig={cluster.kubeconfig}", *words]
    return subprocess.run(command, capture_output=True, text=True)


def _config(cluster: Cluster) -> dict[str, Any]:
    done = _kubectl(cluster, "config", "view", "--raw", "--minify", "--output=json")
    if done.returncode != 0:
        raise WorkbookError(f"The new cluster's kubeconfig cannot be read: {done.stderr.strip()}")
    config: dict[str, Any] = json.loads(done.stdout)
    return config

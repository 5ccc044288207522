"""`workbook up`: make the cluster and what is beside it, or what is missing of them."""

import dataclasses
from typing import Any

from workbook.errors import WorkbookError
from workbook.learner.background import Background
from workbook.learner.choices import Choices
from workbook.learner.ports import CLUSTER_PORTS, taken_by
from workbook.progress import Steps
from workbook.targets.kubernetes import Kubernetes, eventually
from workbook.targets.local import addons, database, kind, kit, registry
from workbook.targets.local.cluster import NAME, NODE, Cluster, Record
from workbook.targets.local.engine import (
    Engine,
    EngineUnusable,
    can_start_own,
    find_engine,
    start_own,
)
from workbook.targets.local.tools import (
    EVERYWHERE,
    fetch_gateway_crds,
    is_built,
    remove_sources,
    tool,
)
from workbook.targets.local.versions import versions

SECONDS_TO_RETURN = 90
MAKE_ANOTHER = "./workbook down && ./workbook up, which makes a new one"


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
    if not all(map(is_built, EVERYWHERE)):
        with steps("kind and kubectl"):
            for name in EVERYWHERE:
                tool(name, steps.say)
    fetch_gateway_crds(steps.say)
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
    kubernetes = Kubernetes(tool("kubectl"), cluster.kubeconfig)
    if record.authority:
        with steps("Cluster"):
            _return(engine, kubernetes)
            registry.join(engine, record)  # the registry's container may be a new one
    else:
        with steps(f"Cluster with Kubernetes {record.kubernetes}"):
            kind.delete(engine, cluster)  # an interrupted one
            kind.create(engine, cluster, record, background, steps.say)
            registry.join(engine, record)
            record = dataclasses.replace(record, authority=_authority(kubernetes))
            cluster.write(record)
    with steps("What the phases rely on"):
        database.make_folder(engine)
        addons.provide(engine, record, kubernetes, steps.say)
    return record


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
    ports: dict[str, Any] = {each.name: choices.chosen(each) for each in CLUSTER_PORTS}
    return Record(
        kubernetes=table.kubernetes,
        node_image=table.images["node"] if public else kit.NODE_IMAGE,
        registry_image=table.images["registry"] if public else kit.REGISTRY_IMAGE,
        base_image=table.images["python"] if public else kit.BASE_IMAGE,
        offline=not public,
        docker_host=(engine.host or "") if engine.own else "",
        **ports,
    )


def _return(engine: Engine, kubernetes: Kubernetes) -> None:
    """Wait until the API server answers. Start the node if it is stopped or paused.

    Raises:
        WorkbookError: it does not answer.
    """
    engine.run("unpause", NODE, check=False)  # refused where it is not paused
    started = engine.run("start", NODE, check=False)
    if started.returncode != 0:
        raise WorkbookError(f"The cluster's node is gone: {started.stderr.strip()}", MAKE_ANOTHER)
    if not eventually(lambda: kubernetes.ask_ready().returncode == 0, bool, SECONDS_TO_RETURN):
        raise WorkbookError(
            f"The cluster does not answer within {SECONDS_TO_RETURN} s. See: docker logs {NODE}",
            MAKE_ANOTHER,
        )


def _authority(kubernetes: Kubernetes) -> str:
    """What the new cluster is known by from now on."""
    found = kubernetes.authority()
    if found is None:
        raise WorkbookError(f"{kubernetes.kubeconfig} cannot be read.", MAKE_ANOTHER)
    return found


def _refuse_what_is_not_ours(engine: Engine, cluster: Cluster) -> None:
    if kind.has_cluster(engine):
        raise WorkbookError(
            f"A kind cluster named {NAME!r} exists that this workbook did not create "
            f"({cluster.state} has no record of it). It was left alone.",
            f"./workbook down, in the folder that made it; or kind delete cluster --name {NAME}",
        )


def _refuse_ports_that_are_taken(choices: Choices) -> None:
    ports = {each: choices.chosen(each) for each in CLUSTER_PORTS}
    if holders := {each: by for each, number in ports.items() if (by := taken_by(number))}:
        raise WorkbookError(
            " ".join(f"Port {ports[each]} is taken by {by}." for each, by in holders.items()),
            choices.use_another(*holders),
        )

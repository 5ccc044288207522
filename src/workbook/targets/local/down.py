"""`workbook down`: remove the cluster and what is beside it, and look whether anything is left."""

from workbook.errors import WorkbookError
from workbook.learner.background import Background
from workbook.progress import Steps
from workbook.targets.local import kind, registry
from workbook.targets.local.cluster import NAME, Cluster, Record
from workbook.targets.local.engine import Engine, EngineUnusable, end_own, find_engine, left_over


def down(cluster: Cluster, steps: Steps) -> None:
    """Remove the cluster, the registry, the images made here, and the engine if it is our own.

    Raises:
        WorkbookError: the engine that holds the cluster does not answer.
    """
    Background(cluster.state / "up").end_all()
    record = cluster.record()
    engine = _running_engine(cluster)
    if record and engine is None and not record.docker_host:  # our own engine takes all with it
        raise WorkbookError(
            "The container engine does not answer, so its cluster cannot be removed.",
            "start the engine (for example Docker), then ./workbook down",
        )
    if engine and record:
        with steps("Cluster and registry"):
            kind.delete(engine, cluster)
            registry.remove(engine)
            if not engine.own and (images := _images(engine, record)):  # all of our own ends below
                engine.run("image", "rm", "--force", *images)
    with steps("Container engine"):
        end_own(cluster.home, steps.say)
    cluster.forget()


def what_goes(record: Record) -> list[str]:
    """What `down` removes, in words."""
    return [
        f"the cluster with Kubernetes {record.kubernetes}, and every object in it",
        "the database in the cluster, if there is one, and all its rows",
        f"the registry localhost:{record.registry_port}, and the images that were made here",
    ]


def left_behind(cluster: Cluster, record: Record | None) -> list[str]:
    """Whatever of ours is still on this machine, in words; empty after `down`.

    Args:
        cluster: the one that has been removed.
        record: its record, read before that.
    """
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
    }.items():
        found += [f"{what} {name}" for name in engine.run(*listing).stdout.split()]
    return found + [f"image {name}" for name in _images(engine, record)]


def _running_engine(cluster: Cluster) -> Engine | None:
    try:
        return find_engine(cluster.home)
    except EngineUnusable:
        return None


def _images(engine: Engine, record: Record | None) -> list[str]:
    """The names of the images that were made here: the kit's, and the learner's.

    By name and not by id: an image goes with its last name, and takes those below it along.
    """
    references = ["workbook/*"]
    references += [f"localhost:{record.registry_port}/*"] if record else []
    images: list[str] = []
    for reference in references:
        listing = ["image", "ls", "--format={{.Repository}}:{{.Tag}}"]
        images += engine.run(*listing, f"--filter=reference={reference}").stdout.split()
    return [image for image in images if "<none>" not in image]

"""Images for impostors: the learner's own, with something changed; local registry only."""

from pathlib import Path
from tempfile import TemporaryDirectory

from workbook.drills.drill import System
from workbook.drills.objects import deployment_of
from workbook.targets.local.engine import find_engine

SECONDS_TO_BUILD = 120


def image_with(system: System, name: str, patch: str, command: str = "") -> str:
    """Build an image on top of the one that is deployed, and push it; returns its name by digest.

    Args:
        system: whose image.
        name: the tag of the new image.
        patch: Python that is run as root in the image.
        command: of the image, as a Dockerfile writes it; "" for its own.
    """
    engine = find_engine(system.phase.root)
    image = deployment_of(system).image
    tag = f"{image.partition('@')[0]}:{name}"
    lines = [f"FROM {image}", "USER 0", "COPY patch.py /patch.py"]
    lines += ["RUN python /patch.py && rm /patch.py", "USER 10001:10001"]
    lines += [f"CMD {command}"] if command else []
    with TemporaryDirectory() as folder:
        Path(folder, "patch.py").write_text(patch, encoding="utf-8")
        Path(folder, "Dockerfile").write_text("\n".join(lines) + "\n", encoding="utf-8")
        engine.run("build", "--tag", tag, folder, seconds=SECONDS_TO_BUILD)
    return pushed(system, tag)


def tagged(system: System, name: str) -> str:
    """The deployed image under a tag of its registry."""
    engine = find_engine(system.phase.root)
    image = deployment_of(system).image
    tag = f"{image.partition('@')[0]}:{name}"
    engine.run("pull", image, seconds=SECONDS_TO_BUILD)
    engine.run("tag", image, tag)
    pushed(system, tag)
    return tag


def pushed(system: System, tag: str) -> str:
    """Push an image; returns its name by digest."""
    engine = find_engine(system.phase.root)
    engine.run("push", tag, seconds=SECONDS_TO_BUILD)
    digests = "{{range .RepoDigests}}{{println .}}{{end}}"
    return engine.run("image", "inspect", "--format", digests, tag).stdout.split()[0]

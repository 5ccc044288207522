"""The registry beside the cluster: a container of the engine, at the same name for both sides.

The learner pushes to localhost:PORT, and the manifests name the same. On the node, containerd is
told that this name means the registry's container: the recipe that kind documents
(https://kind.sigs.k8s.io/docs/user/local-registry/).
"""

from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from workbook.errors import WorkbookError
from workbook.targets.kubernetes import eventually
from workbook.targets.local.cluster import NODE, Record
from workbook.targets.local.engine import Engine

NAME = "workbook-registry"
LABEL = "workbook.home"  # on the container and its volume: whose they are
NETWORK = "kind"  # kind's own
HOSTS = "/etc/containerd/certs.d"
INSIDE = 5000  # the port that the registry listens on in its container
SECONDS_TO_ANSWER = 30


def make(engine: Engine, record: Record, home: str) -> None:
    """Start the registry, again if it has stopped; its volume keeps what was pushed.

    Raises:
        WorkbookError: it does not start, or does not answer: nothing could be pushed to it.
    """
    running = engine.run("inspect", "--format", "{{.State.Running}}", NAME, check=False)
    if running.stdout.strip() != "true":
        engine.run("rm", "--force", NAME, check=False)
        engine.run("volume", "create", "--label", f"{LABEL}={home}", NAME)
        engine.run(
            "run",
            "--detach",
            "--restart=always",
            f"--name={NAME}",
            f"--label={LABEL}={home}",
            f"--publish=127.0.0.1:{record.registry_port}:{INSIDE}",
            f"--volume={NAME}:/var/lib/registry",
            "--env=REGISTRY_STORAGE_DELETE_ENABLED=true",
            record.registry_image,
        )
    if not eventually(lambda: _answers(record), bool, SECONDS_TO_ANSWER):
        raise WorkbookError(
            f"The registry does not answer within {SECONDS_TO_ANSWER} s. See: docker logs {NAME}",
            "./workbook up",
        )


def join(engine: Engine, record: Record) -> None:
    """Make the node find the registry by the name that the manifests use."""
    networks = engine.run("inspect", "--format", "{{json .NetworkSettings.Networks}}", NAME).stdout
    if f'"{NETWORK}"' not in networks:
        engine.run("network", "connect", NETWORK, NAME)
    folder = f"{HOSTS}/localhost:{record.registry_port}"
    write = f"mkdir -p {folder} && cat > {folder}/hosts.toml"
    engine.run("exec", "-i", NODE, "sh", "-c", write, input=f'[host."http://{NAME}:{INSIDE}"]\n')


def put(engine: Engine, record: Record, image: str, name: str) -> None:
    """Put an image of the engine into it, under another name; one that is there already is quick.

    Raises:
        WorkbookError: the engine does not have it, or cannot push it.
    """
    there = f"localhost:{record.registry_port}/{name}"
    engine.run("tag", image, there)
    engine.run("push", there)


def remove(engine: Engine) -> None:
    """Remove the registry and all that was pushed to it."""
    engine.run("rm", "--force", NAME, check=False)
    engine.run("volume", "rm", "--force", NAME, check=False)


def _answers(record: Record) -> bool:
    asked = HTTPConnection("127.0.0.1", record.registry_port, timeout=5)
    try:
        asked.request("GET", "/v2/")
        return asked.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        asked.close()

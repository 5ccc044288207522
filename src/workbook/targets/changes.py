"""Reports when an object of the learner's cluster changes, while nothing asks for it.

`kubectl proxy` signs in, and answers on a socket that only this user can open. So kubectl alone
reads the kubeconfig, also where that names a program to sign in with. Through the socket, the API
server reports the changes of each kind below, and only the metadata of the objects: a Secret's
content stays where it is.
"""

import asyncio
import json
import threading
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable, Container, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from workbook.targets.kubernetes import OF_A_CHECK, Kubernetes, Object

KINDS = {  # by the path at which the API server has them
    "configmaps": "/api/v1",
    "cronjobs": "/apis/batch/v1",
    "daemonsets": "/apis/apps/v1",
    "deployments": "/apis/apps/v1",
    "endpointslices": "/apis/discovery.k8s.io/v1",
    "gatewayclasses": "/apis/gateway.networking.k8s.io/v1",
    "gateways": "/apis/gateway.networking.k8s.io/v1",
    "horizontalpodautoscalers": "/apis/autoscaling/v2",
    "httproutes": "/apis/gateway.networking.k8s.io/v1",
    "ingresses": "/apis/networking.k8s.io/v1",
    "jobs": "/apis/batch/v1",
    "leases": "/apis/coordination.k8s.io/v1",  # Terraform's lock
    "namespaces": "/api/v1",
    "networkpolicies": "/apis/networking.k8s.io/v1",
    "nodes": "/api/v1",
    "persistentvolumeclaims": "/api/v1",
    "persistentvolumes": "/api/v1",
    "poddisruptionbudgets": "/apis/policy/v1",
    "pods": "/api/v1",
    "resourcequotas": "/api/v1",
    "rolebindings": "/apis/rbac.authorization.k8s.io/v1",
    "roles": "/apis/rbac.authorization.k8s.io/v1",
    "secrets": "/api/v1",
    "serviceaccounts": "/api/v1",
    "services": "/api/v1",
    "statefulsets": "/apis/apps/v1",
}
RESTLESS = {"horizontalpodautoscalers", "nodes", "resourcequotas"}  # their status never rests
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
SECONDS_TO_CONNECT = 10
SECONDS_TO_START = 10  # kubectl
SECONDS_TO_END = 5  # kubectl
SECONDS_TO_GO_ON = 0.5  # after an answer has ended
SECONDS_TO_ASK_AGAIN = 5  # for a cluster, or for a kind that its API server does not report
SECONDS_OF_SILENCE = 15  # before the cluster is looked for again
PAUSES = (1, 2, 4, 8, 16, 30)  # seconds before kubectl is started again


@contextmanager
def reported_changes(
    find: Callable[[], Kubernetes | None], namespaces: Container[str], changed: Callable[[], None]
) -> Iterator[None]:
    """Report changes, in a thread of its own, until the block ends. kubectl ends with it.

    Args:
        find: the learner's cluster, or None where no cluster can be asked.
        namespaces: of the objects. Those that are in no namespace count, too.
        changed: what to call at each change, also when the cluster begins or ceases to answer.
    """
    loop = asyncio.new_event_loop()
    following = loop.create_task(_follow(find, namespaces, changed))

    def work() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(following)
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(following.cancel)
        thread.join(SECONDS_TO_START + SECONDS_TO_END)


async def _follow(
    find: Callable[[], Kubernetes | None], namespaces: Container[str], changed: Callable[[], None]
) -> None:
    """Start kubectl, and again when it has ended, after a pause that grows."""
    failures = 0
    while True:
        began = time.monotonic()
        cluster = await asyncio.to_thread(find)
        if cluster is None:
            await asyncio.sleep(SECONDS_TO_ASK_AGAIN)
            continue
        with TemporaryDirectory() as folder:
            await _listen(cluster, namespaces, Path(folder) / "api", changed)
        has_lasted = time.monotonic() - began > PAUSES[-1]
        await asyncio.sleep(PAUSES[0 if has_lasted else min(failures, len(PAUSES) - 1)])
        failures = 0 if has_lasted else failures + 1


async def _listen(
    cluster: Kubernetes, namespaces: Container[str], socket: Path, changed: Callable[[], None]
) -> None:
    """Listen to every kind until kubectl ends, or hears of no kind: the cluster may be another."""
    client = httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(uds=str(socket)),
        base_url="http://localhost",
        timeout=httpx.Timeout(SECONDS_TO_CONNECT, read=None, pool=None),
        trust_env=False,
    )
    async with _proxy(cluster, socket) as kubectl, client, asyncio.TaskGroup() as group:
        deadline = time.monotonic() + SECONDS_TO_START
        while not socket.exists() and kubectl.returncode is None and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        kinds = [Kind(name, namespaces, changed) for name in KINDS]
        listening = [group.create_task(kind.follow(client)) for kind in kinds]
        last_heard = time.monotonic()
        while kubectl.returncode is None and time.monotonic() < last_heard + SECONDS_OF_SILENCE:
            await asyncio.sleep(1)
            if any(kind.is_heard for kind in kinds):
                last_heard = time.monotonic()
        for each in listening:
            each.cancel()


@asynccontextmanager
async def _proxy(cluster: Kubernetes, socket: Path) -> AsyncIterator[Process]:
    """A `kubectl proxy` that only reads."""
    options = [f"--unix-socket={socket}", "--reject-methods=^(POST|PUT|PATCH|DELETE)$"]
    kubectl = await asyncio.create_subprocess_exec(
        *cluster.command("proxy", *options), stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        yield kubectl
    finally:
        with suppress(ProcessLookupError):
            kubectl.terminate()
        try:
            await asyncio.wait_for(kubectl.wait(), SECONDS_TO_END)
        except TimeoutError:
            kubectl.kill()
            await kubectl.wait()


class Kind:
    """The objects of one kind, as they were when they were last heard of."""

    def __init__(self, name: str, namespaces: Container[str], changed: Callable[[], None]) -> None:
        self._name = name
        self._namespaces = namespaces
        self._changed = changed
        self._seen: dict[tuple[str, str], str] = {}
        self.is_heard = False

    async def follow(self, client: httpx.AsyncClient) -> None:
        """Hear of each change; the API server ends an answer after half an hour or so."""
        while True:
            has_begun = False
            with suppress(httpx.HTTPError, ValueError):
                async with client.stream(
                    "GET",
                    f"{KINDS[self._name]}/{self._name}",
                    params={"watch": "true"},
                    headers={"Accept": METADATA},
                ) as answer:
                    has_begun = answer.is_success
                    self._set_heard(has_begun)
                    async for line in answer.aiter_lines():
                        if has_begun and self.is_news(json.loads(line)):
                            self._changed()
            if has_begun:
                await asyncio.sleep(SECONDS_TO_GO_ON)
            else:
                self._set_heard(False)
                await asyncio.sleep(SECONDS_TO_ASK_AGAIN)

    def _set_heard(self, is_heard: bool) -> None:
        if is_heard != self.is_heard:
            self.is_heard = is_heard
            self._changed()

    def is_news(self, event: Object) -> bool:
        """Whether an event of the API server is a change that a learner or a lesson made.

        Raises:
            ValueError: it reports no change. The API server cannot continue this answer.
        """
        of = event.get("object", {}).get("metadata", {})
        if event.get("type") not in ("ADDED", "MODIFIED", "DELETED") or "name" not in of:
            raise ValueError(event)
        namespace = of.get("namespace", "")
        if namespace and namespace not in self._namespaces:
            return False
        if of.get("labels", {}).items() >= OF_A_CHECK.items():
            return False
        if event["type"] == "DELETED":
            return self._seen.pop((namespace, of["name"]), None) is not None
        before, now = self._seen.get((namespace, of["name"])), self._version(of)
        self._seen[namespace, of["name"]] = now
        return now != before

    def _version(self, metadata: Object) -> str:
        """What differs when an object has changed."""
        if self._name not in RESTLESS:
            return str(metadata.get("resourceVersion"))
        written = metadata.get("managedFields", [])
        return json.dumps([each for each in written if each.get("subresource") != "status"])

"""A second Service for the same pods."""

from workbook.checks.deployment import Deployment
from workbook.exercises.exercise import Attempt, Exercise
from workbook.exercises.kubernetes import taken
from workbook.outcome import NotStarted
from workbook.targets.kubernetes import APP

NAME = "ml-api-inside"
OTHER = {  # labels of another program of the same system, such as phase 2 adds
    "app.kubernetes.io/name": "ml-api-migration",
    "app.kubernetes.io/component": "migration",
    "app.kubernetes.io/part-of": "sentiment",
}


def judge(attempt: Attempt) -> str:
    spec = taken(attempt, "Service", NAME)["spec"]
    if spec["type"] != "ClusterIP":
        raise attempt.wrong(
            expected="type ClusterIP",
            found=f"type {spec['type']}",
            why="callers inside the cluster need no port of the node, and no public address",
        )
    if spec.get("externalIPs") or spec.get("clusterIP") == "None":
        raise attempt.wrong(
            expected="one address, which the cluster gives the Service",
            found=f"externalIPs {', '.join(spec.get('externalIPs') or ['none'])}, "
            f"clusterIP {spec.get('clusterIP')}",
            why="an external address lets the world in. Without an address of its own, the Service "
            "gives callers the pods' addresses, and then `port` leads nowhere",
        )
    too_early = spec.get("publishNotReadyAddresses", False)
    if too_early or spec.get("internalTrafficPolicy", "Cluster") != "Cluster":
        raise attempt.wrong(
            expected="requests go to every pod that is ready, on any node",
            found="publishNotReadyAddresses: true"
            if too_early
            else f"internalTrafficPolicy: {spec['internalTrafficPolicy']}",
            why="a pod that is not ready fails its callers, and on a node without a pod of the "
            "API, a Service that is local to the node leads nowhere",
        )
    selector = spec.get("selector") or {}
    found = attempt.cluster.get_one("deployments", APP)
    if found is None:
        raise NotStarted("deploy the API first: lesson 1, “Run it on Kubernetes”")
    labels = found["spec"]["template"]["metadata"]["labels"]
    if not selector or not selector.items() <= labels.items():
        raise attempt.wrong(
            expected="a selector that the API's pods match",
            found=_words(selector),
            why=f"a Service finds pods by their labels, and every pair must match. These pods have "
            f"{_words(labels)}",
        )
    if selector.items() <= OTHER.items():
        raise attempt.wrong(
            expected="a selector that only the API's pods match",
            found=_words(selector),
            why="every part of this system has this label. In phase 2, requests would go to a "
            "pod that migrates the database",
        )
    ports = [(each["port"], each["targetPort"]) for each in spec["ports"]]
    protocols = {each["protocol"] for each in spec["ports"]}
    names = [each.get("name") for each in Deployment(attempt.cluster, found).container["ports"]]
    if ports != [(9090, "http")] or protocols != {"TCP"} or "http" not in names:
        raise attempt.wrong(
            expected="TCP port 9090, which leads to the port http of the pods",
            found=", ".join(f"port {port}, which leads to {target}" for port, target in ports)
            + f" ({', '.join(protocols)})",
            why="`port` is where callers ask. `targetPort` is where the container listens. It may "
            "be a number, or the port's name in the Deployment: then the number may change",
        )
    return "port 9090 leads to http of the API's pods"


def _words(labels: dict[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in labels.items()) or "nothing"


EXERCISE = Exercise(
    title="A second Service",
    goal=(
        f"Another pod of the namespace wants to call your API at `http://{NAME}:9090`. Write a "
        f"second Service, `{NAME}`, that finds the same pods as the first one, and no others. "
        "Only programs inside the cluster can reach it. It names the container's port instead of "
        "writing its number."
    ),
    file="service.yaml",
    minutes=5,
    hints=(
        "Compare with `phases/phase1/k8s/base/service.yaml`. Which "
        "type does a Service have without `type`? kubectl explain service.spec.type",
        "Which label have these pods only? kubectl --namespace ml-demo get pods --show-labels",
        "`port` is 9090. `targetPort` is a name from `ports` of the container in deployment.yaml.",
    ),
    judge=judge,
    wrong={
        "selects-nothing": "a Service finds pods by their labels",
        "selects-too-much": "every part of this system has this label",
        "wrong-target": "`targetPort` is where the container listens",
        "open-to-all": "no port of the node",
        "headless": "`port` leads nowhere",
        "too-early": "a pod that is not ready fails its callers",
        "this-node-only": "local to the node leads nowhere",
        "a-number": "then the number may change",
        "misspelt": "selectors",
    },
)

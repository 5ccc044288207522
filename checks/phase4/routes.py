"""What leads to the pods of the API: every route, every Service, in every namespace."""

from collections.abc import Iterator

from workbook.checks.deployment import SELECTOR
from workbook.targets.kubernetes import APP, Kubernetes, Object, name_of

ROUTES = "httproutes.gateway.networking.k8s.io"
OPEN = ("NodePort", "LoadBalancer")  # the types of a Service that the world may reach


def other_backends(cluster: Kubernetes) -> list[str]:
    """Where routes of the Gateway lead, but to the Service; in words."""
    found = []
    for route in cluster.get(ROUTES, everywhere=True):
        parents = [parent.get("name") for parent in _spec(route).get("parentRefs") or []]
        if APP not in parents:
            continue
        for backend in _backends(route):
            name, where = _backend(route, backend)
            if (name, where) != (APP, cluster.namespace):
                found.append(f"{_place(route)} sends requests to {where}/{name}")
    return found


def plain_routes(cluster: Kubernetes) -> list[str]:
    """Routes that lead to the Service from a listener without TLS; in words."""
    found = []
    for route in cluster.get(ROUTES, everywhere=True):
        backends = [_backend(route, each) for each in _backends(route)]
        if (APP, cluster.namespace) not in backends:
            continue
        for parent in _spec(route).get("parentRefs") or []:
            if (parent.get("name"), parent.get("sectionName")) != (APP, "https"):
                listener = parent.get("sectionName") or "every listener"
                found.append(f"{_place(route)} answers at {listener} of {parent.get('name')}")
    return found


def open_services(cluster: Kubernetes) -> list[str]:
    """Services through which the world reaches the API's pods; in words."""
    pods = cluster.get("pods", SELECTOR)
    addresses = {pod.get("status", {}).get("podIP") for pod in pods} - {None}
    by_hand = {
        (_namespace(each), (each["metadata"].get("labels") or {}).get("kubernetes.io/service-name"))
        for each in cluster.get("endpointslices", everywhere=True)
        for endpoint in each.get("endpoints") or []
        if addresses & {*(endpoint.get("addresses") or [])}
    }
    found = []
    for service in cluster.get("services", everywhere=True):
        spec = _spec(service)
        is_open = spec.get("type") in OPEN or spec.get("externalIPs")
        leads_there = (_namespace(service), name_of(service)) in by_hand or (
            _namespace(service) == cluster.namespace and any(_selects(spec, pod) for pod in pods)
        )
        if is_open and leads_there:
            kind = spec.get("type") if spec.get("type") in OPEN else "externalIPs"
            found.append(f"the Service {_place(service)} is of type {kind}")
    return found


def open_pods(cluster: Kubernetes) -> list[str]:
    """Pods of the API that listen on an address of their node; in words."""
    return [
        f"the pod {name_of(pod)} listens on its node"
        for pod in cluster.get("pods", SELECTOR)
        if _spec(pod).get("hostNetwork")
        or any(
            port.get("hostPort")
            for container in _spec(pod).get("containers") or []
            for port in container.get("ports") or []
        )
    ]


def _selects(spec: Object, pod: Object) -> bool:
    labels = pod["metadata"].get("labels") or {}
    selector = spec.get("selector") or {}
    return bool(selector) and selector.items() <= labels.items()


def _backends(route: Object) -> Iterator[Object]:
    """Where the rules of a route send each request, or a copy of it."""
    for rule in _spec(route).get("rules") or []:
        backends = rule.get("backendRefs") or []
        yield from backends
        for each in (each for part in (rule, *backends) for each in part.get("filters") or []):
            if mirror := each.get("requestMirror"):
                yield mirror.get("backendRef") or {}


def _backend(route: Object, backend: Object) -> tuple[object, str]:
    """The name and the namespace of the Service that a backend names."""
    return backend.get("name"), backend.get("namespace") or _namespace(route)


def _spec(item: Object) -> Object:
    spec: Object = item.get("spec") or {}
    return spec


def _namespace(item: Object) -> str:
    return str(item["metadata"].get("namespace", ""))


def _place(item: Object) -> str:
    return f"{_namespace(item)}/{name_of(item)}"

"""The system that a recording was made on. A recording proves nothing about another system."""

import ssl

import httpx

from workbook.targets.kubernetes import APP, Kubernetes, digest_of_spec

SECONDS_TO_ANSWER = 10


def system_of(cluster: Kubernetes, address: str, authority: str | None) -> dict[str, str]:
    """What identifies the system: its cluster, the image of the API, its model.

    Args:
        cluster: in the namespace of the API.
        address: of the API.
        authority: file of the authority that signs for the address; None for a public one.

    Returns:
        cluster (the SHA-256 of its certificate authority), image (by digest), model (its version)
        and autoscaler (the SHA-256 of its spec); "" for what cannot be read.
    """
    return {
        "cluster": cluster.authority() or "",
        "image": _image(cluster),
        "model": _model(address, authority),
        "autoscaler": _autoscaler(cluster),
    }


def _image(cluster: Kubernetes) -> str:
    deployment = cluster.get_one("deployments", APP)
    containers = deployment["spec"]["template"]["spec"]["containers"] if deployment else []
    return next((str(each["image"]) for each in containers if each["name"] == APP), "")


def _autoscaler(cluster: Kubernetes) -> str:
    scaler = cluster.get_one("horizontalpodautoscalers", APP)
    return digest_of_spec(scaler) if scaler else ""


def _model(address: str, authority: str | None) -> str:
    verify = ssl.create_default_context(cafile=authority)
    try:
        health = httpx.get(
            f"{address}/health", verify=verify, trust_env=False, timeout=SECONDS_TO_ANSWER
        )
        return str(health.json()["model_version"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return ""

"""Where the API of a phase answers: on this machine, by its Service, or behind the gateway.

Like check.py, this needs the standard library only.
"""

from dataclasses import dataclass
from pathlib import Path

from workbook.course.phase import Phase
from workbook.learner.choices import Choices
from workbook.targets.local.cluster import Cluster, Record


@dataclass(frozen=True)
class Address:
    """Where it answers."""

    url: str
    authority: Path | None = None  # file of the certificate that vouches for it; None: no TLS


def address_of(phase: Phase, choices: Choices) -> Address | None:
    """The address of a phase's API; None where there is no cluster, and where Azure gives it."""
    if not phase.has("cluster"):
        return Address(f"http://127.0.0.1:{choices.port}")
    record = Cluster(phase.root).record() if choices.target == "local" else None
    if record is None:
        return None
    if phase.has("gateway"):
        return Address(f"https://localhost:{record.gateway_port}", authority_of(phase))
    return Address(service_address(record))


def authority_of(phase: Phase) -> Path:
    """The certificate of the learner's own authority, which vouches for the gateway."""
    return phase.state.parent / "authority" / "ca.crt"


def service_address(record: Record) -> str:
    """Where the Service answers on the target local, by the port that the node publishes."""
    return f"http://127.0.0.1:{record.cluster_port}"

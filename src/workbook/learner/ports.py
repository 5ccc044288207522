"""Ports of this machine: which the workbook uses, which are taken, and by what."""

import socket
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from typing import Any

LOWEST, HIGHEST = 1024, 65535  # below, a program needs root


@dataclass(frozen=True)
class Port:
    """A port of this machine that the workbook uses; the learner may choose another one."""

    name: str  # in choices.json; the option of `workbook use` is made from it
    default: int
    of: str  # what answers there, in words
    node: int | None  # the port of the node that is published there
    variable: str  # of a lesson's commands; "" for none

    @property
    def option(self) -> str:
        """The option of `workbook use` that chooses it."""
        return f"--{self.name.replace('_', '-')}"


def port(default: int, of: str, node: int | None = None, variable: str = "") -> Any:
    """A field for a port: see Port."""
    return field(default=default, metadata={"of": of, "node": node, "variable": variable})


@dataclass(frozen=True, kw_only=True)
class ClusterPorts:
    """Where the local cluster and what is beside it answer. A new port is one line here."""

    cluster_port: int = port(8080, "local cluster", node=30080)  # phases/*/k8s/local/service.yaml
    registry_port: int = port(5001, "local registry")
    database_port: int = port(15432, "database", node=30432, variable="POSTGRES_PORT")
    gateway_port: int = port(8443, "gateway", node=30443, variable="GATEWAY_PORT")
    gateway_http_port: int = port(
        8081, "gateway without TLS", node=30081, variable="GATEWAY_HTTP_PORT"
    )


def ports_of(kind: type[ClusterPorts]) -> tuple[Port, ...]:
    """The ports among the fields of a dataclass."""
    return tuple(
        Port(each.name, each.default, **each.metadata)
        for each in fields(kind)
        if isinstance(each.default, int) and "of" in each.metadata
    )


CLUSTER_PORTS = ports_of(ClusterPorts)


def is_taken(port: int) -> bool:
    """Whether something listens on a port of this machine."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def taken_by(port: int) -> str:
    """What listens on a port of this machine, in words; empty where nothing does."""
    from workbook.learner.background import holder_of  # needs more than a fresh clone has

    return (holder_of(port) or "another program") if is_taken(port) else ""


def another_port(near: int, chosen: Collection[int]) -> int:
    """The next port after `near` that is free and not chosen for something else."""
    candidates: tuple[int, ...] = (*range(near + 1, HIGHEST + 1), *range(LOWEST, near))
    return next(port for port in candidates if port not in chosen and not is_taken(port))

"""Ports of this machine: which are taken, by what, and which can be chosen instead."""

import socket
from collections.abc import Collection

LOWEST, HIGHEST = 1024, 65535  # below, a program needs root


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

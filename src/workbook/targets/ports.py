"""Ports of this machine."""

import socket

from workbook.learner.background import holder_of


def taken_by(port: int) -> str:
    """What listens on a port of this machine, in words; empty where nothing does."""
    with socket.socket() as client:
        client.settimeout(1)
        if client.connect_ex(("127.0.0.1", port)) != 0:
            return ""
    return holder_of(port) or "another program"

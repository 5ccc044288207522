"""What the checks say of an address that does not answer as it should."""

import ssl
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from copies import free_port

from workbook.checks.api import Api
from workbook.outcome import NotStarted, Wrong


def make_certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate, with its key beside it."""
    certificate = folder / f"{name}.crt"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"]
    words += ["-addext", "subjectAltName=DNS:localhost", "-out", str(certificate)]
    words += ["-keyout", str(folder / f"{name}.key")]
    subprocess.run(words, check=True, capture_output=True)
    return certificate


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path, "ours")


@pytest.fixture
def address(certificate: Path) -> Iterator[str]:
    """A server with that certificate."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://localhost:{server.server_port}"
        server.shutdown()


def test_a_certificate_that_holds_is_taken(address: str, certificate: Path) -> None:
    api = Api(address, "start it", authority=str(certificate))
    assert api.health().status_code == 200


@pytest.mark.parametrize("evidence", ["", "It has ended."])
def test_certificate_of_another_authority_is_reported_as_such(
    address: str, tmp_path: Path, evidence: str
) -> None:
    other = make_certificate(tmp_path, "another")
    with pytest.raises(Wrong) as raised:
        Api(address, "start it", evidence, authority=str(other)).health()
    assert "certificate verify failed" in raised.value.rows["found"]
    assert "another authority" in raised.value.rows["why"]


def test_certificate_for_another_name_is_reported_as_such(address: str, certificate: Path) -> None:
    by_number = address.replace("localhost", "127.0.0.1")
    with pytest.raises(Wrong, match="a certificate that is valid for"):
        Api(by_number, "start it", authority=str(certificate)).health()


def test_nobody_there_is_not_started() -> None:
    with pytest.raises(NotStarted, match="nothing listens"):
        Api(f"http://127.0.0.1:{free_port()}", "start it").health()

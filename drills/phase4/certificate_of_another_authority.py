"""A certificate with the right name, from an authority that clients do not trust."""

import base64
from pathlib import Path
from tempfile import TemporaryDirectory

from checks.phase4.test_gateway import test_https_predicts
from drills.phase4._scaler import need_scaler
from workbook.checks.api import Api
from workbook.checks.fixtures import GATEWAY_KIND, address_behind
from workbook.drills.drill import Drill, NothingToBreak, System
from workbook.drills.objects import Patch, change, cluster_of, goto, replace_with_kept, wait_until
from workbook.errors import WorkbookError
from workbook.outcome import Finding
from workbook.programs import run
from workbook.targets.address import authority_of
from workbook.targets.kubernetes import APP, GATEWAY_NAMESPACES


def break_it(system: System) -> None:
    need_scaler(system)
    if not _is_trusted(system):
        raise NothingToBreak("The gateway does not answer by HTTPS yet.", goto(system))
    where = GATEWAY_NAMESPACES[system.choices.target]
    change(system, "secret", _own_certificate(), "gateway-certificate", where)
    wait_until(lambda: _is_trusted(system), lambda trusted: not trusted)


def fix(system: System) -> None:
    replace_with_kept(system, "secret")
    wait_until(lambda: _is_trusted(system), bool)


def _own_certificate() -> Patch:
    """Operations that put a certificate for localhost into a Secret; it has signed itself."""
    with TemporaryDirectory() as folder:
        key, certificate = Path(folder, "key"), Path(folder, "crt")
        words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90"]
        words += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        words += ["-keyout", str(key), "-out", str(certificate)]
        done = run(words, seconds=60)
        if done.returncode != 0:
            raise WorkbookError(f"openssl req failed: {done.stderr.strip()}")
        return [
            {
                "op": "replace",
                "path": f"/data/tls.{file.name}",
                "value": base64.b64encode(file.read_bytes()).decode(),
            }
            for file in (key, certificate)
        ]


def _is_trusted(system: System) -> bool:
    """Whether the gateway answers with a certificate of the learner's own authority."""
    cluster = cluster_of(system).within(GATEWAY_NAMESPACES[system.choices.target])
    try:
        gateway = cluster.get_one(GATEWAY_KIND, APP) or {}
        address = address_behind(system.phase, system.choices, gateway)
        Api(address, goto(system), authority=str(authority_of(system.phase))).health()
    except (Finding, OSError):  # OSError: there is no such file
        return False
    return True


DRILL = Drill(
    title="“The gateway's certificate was old. I have made a new one; it takes one line.”",
    difficulty=3,
    turns_red=test_https_predicts,
    hints=(
        "The gateway is programmed, the route is right, the pods are ready. Who stops?",
        "curl says why, without --insecure: curl --verbose https://localhost:8443/health",
        "The name and the dates are right. Who has signed? kubectl --namespace "
        '"$GATEWAY_NAMESPACE" get secret gateway-certificate --output '
        "jsonpath='{.data.tls\\.crt}' | base64 --decode | "
        "openssl x509 -noout -issuer -subject -dates",
    ),
    way_back=(
        "Let your authority sign one: lesson 4, “A certificate for the gateway”. Here, the old\n"
        "certificate is back. Never turn the check off instead (curl --insecure): it has just\n"
        "protected you.\n"
        "  ./workbook lab 4"
    ),
    break_it=break_it,
    fix=fix,
)

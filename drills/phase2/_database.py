"""What the drills of phase 2 do to the local database and to the API's way to it."""

import base64
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from checks.phase2.conftest import DATABASE
from workbook.checks.api import Api
from workbook.drills.drill import NothingToBreak, System
from workbook.drills.objects import change, cluster_of, kubectl, wait_for_rollout, wait_until
from workbook.errors import WorkbookError
from workbook.outcome import Finding
from workbook.programs import run
from workbook.targets.address import address_of
from workbook.targets.kubernetes import APP

SECONDS_FOR_OPENSSL = 60
SERVER = "statefulset/postgres"
SERVER_NAME = "postgres.ml-data.svc.cluster.local"
END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ml_api'"
PSQL = (
    "kubectl --namespace ml-data exec --stdin --tty postgres-0 --container postgres -- "
    "psql --username postgres --dbname predictions"
)
AS_ADMINISTRATOR = f'  eval "$(./workbook env)"\n  {PSQL}'  # in a way back


def sql(system: System, *statements: str) -> None:
    """Let the administrator of the local server execute statements, each by itself.

    Raises:
        NothingToBreak: the server is not there, or refuses.
    """
    words = ["exec", "postgres-0", "--container=postgres", "--", "psql", "--username=postgres"]
    words += ["--dbname=predictions", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
    words += [f"--command={statement}" for statement in statements]
    done = cluster_of(system).within(DATABASE).run(*words)
    if done.returncode != 0:
        raise NothingToBreak(f"The database refuses: {done.stderr.strip()}", "./workbook goto 2")


def restart_api(system: System) -> None:
    """New pods of the API: they read their files and connect again."""
    cluster = cluster_of(system)
    kubectl(cluster, "rollout", "restart", f"deployment/{APP}")
    wait_for_rollout(cluster)


def restart_server(system: System) -> None:
    """A new pod of the server, on the same volume."""
    server = cluster_of(system).within(DATABASE)
    kubectl(server, "rollout", "restart", SERVER)
    kubectl(server, "rollout", "status", SERVER, "--timeout=120s")


def wait_for_log(system: System, *states: str) -> None:
    """Wait until the API says that its log is in one of these states."""
    wait_until(lambda: _log(system).get("state"), lambda found: found in states)


def log_is_down_after_restart(system: System) -> None:
    restart_api(system)
    wait_for_log(system, "down")


def log_is_up_after_restart(system: System) -> None:
    restart_api(system)
    wait_for_log(system, "ok")


def have_a_row_written(system: System) -> None:
    """Send a prediction, and wait until its row is written."""
    written = _log(system).get("rows_written", 0)
    _api(system).predict("a drill was here")
    wait_until(lambda: _log(system).get("rows_written", 0), lambda found: found > written)


def have_a_row_refused(system: System) -> None:
    """Send a prediction, and wait until the log reports that its row cannot be written."""
    _api(system).predict("a drill was here")
    wait_for_log(system, "down")


def _api(system: System) -> Api:
    address = address_of(system.phase, system.choices)
    assert address is not None, "cluster_of has seen the cluster"
    return Api(address.url, "./workbook goto 2")


def _log(system: System) -> dict[str, Any]:
    try:
        log: dict[str, Any] = _api(system).health().json()["log"]
    except Finding:  # while one pod takes over from another
        return {}
    return log


def use_certificate_for(system: System, days: int) -> None:
    """Give the server a certificate of the learner's own authority that ends after some days."""
    authority = system.phase.root / ".workbook/local/authority"
    if not (authority / "ca.key").exists():
        raise NothingToBreak("There is no authority yet.", "./workbook goto 2")
    with TemporaryDirectory() as folder:
        key, request, certificate = (Path(folder, name) for name in ("key", "csr", "crt"))
        _openssl(
            *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={SERVER_NAME}"),
            *("-keyout", key, "-out", request),
        )
        extensions = Path(folder, "ext")
        wanted = f"subjectAltName=DNS:{SERVER_NAME}\nauthorityKeyIdentifier=keyid\n"
        extensions.write_text(wanted, encoding="utf-8")
        _openssl(
            *("x509", "-req", "-in", request, "-days", f"{days}", "-extfile", extensions),
            *("-CA", authority / "ca.crt", "-CAkey", authority / "ca.key", "-CAcreateserial"),
            *("-out", certificate),
        )
        patch = [
            {"op": "replace", "path": f"/data/tls.{part}", "value": _in_base64(file)}
            for part, file in (("key", key), ("crt", certificate))
        ]
        change(system, "secret", patch, "postgres-certificate", DATABASE)
    restart_server(system)


def another_authority() -> str:
    """The certificate of an authority that has signed nothing."""
    with TemporaryDirectory() as folder:
        certificate = Path(folder, "crt")
        _openssl(
            *(
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                "/CN=last year's authority",
            ),
            *("-days", "30", "-keyout", os.devnull, "-out", certificate),
        )
        return certificate.read_text(encoding="utf-8")


def _openssl(*words: str | Path) -> None:
    done = run(["openssl", *words], SECONDS_FOR_OPENSSL)
    if done.returncode != 0:
        raise WorkbookError(f"openssl {words[0]} failed: {done.stderr.strip()}")


def _in_base64(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()

"""The database of phase 2: it runs, and the log of the API reaches it."""

import json
from typing import Any

from checks.phase1 import test_service
from checks.phase2.conftest import DATABASE, log_of
from workbook.checks.api import Api
from workbook.checks.check import check
from workbook.checks.deployment import Deployment
from workbook.checks.patience import settled
from workbook.outcome import Wrong
from workbook.targets.kubernetes import APP, Kubernetes, Object, name_of

SECONDS_TO_REACH = 5  # the log looks every 5 s when it has nothing to write
SERVER = f"kubectl --namespace {DATABASE}"
# What the API's own log says of the reason, what that means, and what to look at. In this order.
REASONS = {
    "password authentication failed": (
        "the pod and the server have different passwords for ml_api",
        "kubectl --namespace ml-demo get secret database-ml-api --output yaml, and compare its "
        "data.password with data.ml_api of: kubectl --namespace ml-data get secret "
        "postgres-passwords --output yaml",
    ),
    "certificate verify failed": (
        "the server's certificate has expired, or its authority is not the one that the API "
        "trusts. Either way it proves nothing",
        "kubectl --namespace ml-data get secret postgres-certificate --output "
        "jsonpath='{.data.tls\\.crt}' | base64 --decode | openssl x509 -noout -issuer -dates; and "
        "kubectl --namespace ml-demo get configmap database-ca --output "
        "jsonpath='{.data.ca\\.crt}' | openssl x509 -noout -subject -dates",
    ),
    "does not match host name": (
        "the server has a certificate for another name",
        "make a new one: lesson 2, “A server that can prove who it is”",
    ),
    'relation "predictions" does not exist': (
        "the table for the rows does not exist under this name",
        "kubectl --namespace ml-data exec postgres-0 --container postgres -- psql --username "
        "postgres --dbname predictions --command '\\dt'",
    ),
    "read-only transaction": (
        "the database is read-only: its disk is full, or it was set to read-only",
        f"{SERVER} exec postgres-0 --container postgres -- psql --username postgres --dbname "
        "predictions --command '\\drds' --command 'SHOW default_transaction_read_only'",
    ),
    "too many connections": (
        "the server admits no more connections of this user",
        "kubectl --namespace ml-data exec postgres-0 --container postgres -- psql --username "
        "postgres --command '\\du'",
    ),
    "permission denied": (
        "the user ml_api lacks a right that the migration gives it",
        "kubectl --namespace ml-data exec postgres-0 --container postgres -- psql --username "
        "postgres --dbname predictions --command '\\dp predictions'",
    ),
    "could not translate host name": (
        "no Service has this name, so the name leads nowhere",
        f"{SERVER} get services",
    ),
}
NO_WAY = (
    "the name is known, but nothing answers there: the network path is blocked, or the server is "
    "frozen",
    f"{SERVER} get pods,services,endpointslices,networkpolicies --output wide",
)
REASONS |= dict.fromkeys(("no answer within", "refused", "timeout", "timed out"), NO_WAY)
OTHER = (
    "this check does not know the reason. The API's log has the database's own message",
    "kubectl --namespace ml-demo logs deployment/ml-api --tail 20",
)


@check(
    read="phases/phase2/README.md#get-a-database",
    after=test_service.test_address_predicts,
)
def test_log_reaches_database(
    server: Object | None,
    cluster: Kubernetes,
    deployment: Deployment,
    api: Api,
    log: dict[str, Any],
) -> str:
    """Database is running, and the API's log reaches it"""
    if server and not (server.get("status") or {}).get("readyReplicas"):
        pods = cluster.within(DATABASE).get("pods", "app.kubernetes.io/name=postgres")
        said = [cluster.within(DATABASE).events(item) for item in (server, *pods)]
        wanted = (server.get("spec") or {}).get("replicas")
        raise Wrong(
            expected="the pod postgres-0 to be ready",
            found="\n".join(["it is not", *filter(None, said)]),
            why="the StatefulSet asks for no pod: replicas is 0"
            if wanted == 0
            else "the server does not start, or does not answer its probe",
            run_next=f"{SERVER} scale statefulset/postgres --replicas 1"
            if wanted == 0
            else f"{SERVER} logs postgres-0 --all-containers --tail 20",
        )
    log = settled(lambda: log_of(api), _is_up, SECONDS_TO_REACH)
    if not _is_up(log):
        reason = _reason(cluster, deployment) or log["last_error"] or "no reason given"
        why, run_next = _meaning(reason)
        raise Wrong(
            expected="the prediction log to be ok",
            found=f"{log['state']}, {log['rows_waiting']} rows wait. The API's log: {reason}",
            why=f"{why}. Predictions go on meanwhile, and nothing is lost yet",
            run_next=run_next,
        )
    return f"{log['state']}, {log['rows_written']:,} rows written by this pod"


def _meaning(reason: str) -> tuple[str, str]:
    """What a reason means, and what to look at."""
    return next((meaning for words, meaning in REASONS.items() if words in reason), OTHER)


def _is_up(log: dict[str, Any]) -> bool:
    return log["state"] != "down"


def _reason(cluster: Kubernetes, deployment: Deployment) -> str:
    """Why rows cannot be written, as the API logged it last."""
    for pod in reversed(deployment.pods()):
        lines = cluster.run("logs", name_of(pod), f"--container={APP}").stdout.splitlines()
        for line in reversed(lines):
            if '"predictions cannot be written for now"' in line:
                return str(json.loads(line)["reason"])
    return ""

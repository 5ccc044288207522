"""An API that trusts the wrong authority."""

from checks.phase2.test_database import test_log_reaches_database
from drills.phase2._database import (
    another_authority,
    log_is_down_after_restart,
    log_is_up_after_restart,
)
from workbook.drills.drill import System
from workbook.drills.factories import patch_drill
from workbook.drills.objects import Patch


def of_another_authority(_: System) -> Patch:
    return [{"op": "replace", "path": "/data/ca.crt", "value": another_authority()}]


DRILL = patch_drill(
    "configmap",
    of_another_authority,
    title="A colleague restored last year's ca.crt from a backup.",
    difficulty=3,
    turns_red=test_log_reaches_database,
    hints=(
        "Is it the server that refuses, or the client?",
        "Which authority signed the server's certificate, and which one does the API trust? Both "
        "say so: openssl x509 -noout -issuer -subject",
        "kubectl --namespace ml-demo get configmap database-ca "
        "--output jsonpath='{.data.ca\\.crt}' | openssl x509 -noout -subject",
    ),
    way_back=(
        "Install the certificate of the authority that signed (lesson 2,\n"
        "“A server that can prove who it is”), and restart the API. Never turn the check off\n"
        "instead (sslmode=require): it has just protected you.\n"
        '  eval "$(./workbook env)"; kubectl --namespace ml-demo rollout restart deployment/ml-api'
    ),
    name="database-ca",
    shows=log_is_down_after_restart,
    recovers=log_is_up_after_restart,
    targets=("local",),
)

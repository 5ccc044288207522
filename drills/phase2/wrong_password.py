"""A password that was changed in one of two places."""

import base64

from checks.phase2.test_database import test_log_reaches_database
from drills.phase2._database import log_is_down_after_restart, log_is_up_after_restart
from workbook.drills.factories import patch_drill

OTHER = base64.b64encode(b"the-new-one").decode()


DRILL = patch_drill(
    "secret",
    [{"op": "replace", "path": "/data/password", "value": OTHER}],
    title="The password of ml_api was changed, “everywhere”. Then the API was restarted.",
    difficulty=2,
    turns_red=test_log_reaches_database,
    hints=(
        "Predictions are answered. What does /health say about the log?",
        "The reason is in the API's log: kubectl --namespace ml-demo logs deployment/ml-api",
        "There are two Secrets with this password, one for each side: database-ml-api in ml-demo, "
        "postgres-passwords in ml-data.",
    ),
    way_back=(
        "Put the same password into both Secrets, and restart the API, so\n"
        "that no connection with the old one is left. The lesson's cell does the first:\n"
        '  eval "$(./workbook env)"; kubectl --namespace ml-demo rollout restart deployment/ml-api'
    ),
    name="database-ml-api",
    shows=log_is_down_after_restart,
    recovers=log_is_up_after_restart,
    targets=("local",),
)

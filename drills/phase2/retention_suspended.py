"""A nightly job that was paused, and never resumed."""

from checks.phase2.test_security import test_old_rows_are_deleted
from workbook.drills.factories import patch_drill

DRILL = patch_drill(
    "cronjob",
    [{"op": "add", "path": "/spec/suspend", "value": True}],
    title="During last month's migration the nightly jobs were paused.",
    difficulty=1,
    turns_red=test_old_rows_are_deleted,
    hints=(
        "Nothing fails, and nothing happens. What should have happened last night?",
        "kubectl --namespace ml-demo get cronjobs",
        "SUSPEND is True: such a CronJob makes no Jobs.",
    ),
    way_back=(
        "Resume it:\n"
        '  eval "$(./workbook env)"\n'
        "  kubectl --namespace ml-demo patch cronjob ml-api-retention "
        '--patch \'{"spec": {"suspend": false}}\''
    ),
    name="ml-api-retention",
)

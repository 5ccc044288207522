"""A process that serves a model which is no longer the current one."""

from checks.phase0.conftest import START
from checks.phase0.test_api import test_api_serves_last_model
from workbook.drills.drill import Drill, System


def break_it(system: System) -> None:
    system.program("sentiment.api:app")  # or there would be nothing stale
    system.python("from sentiment.train import main; main()")


def fix(system: System) -> None:
    system.restart_api()


DRILL = Drill(
    title="The model was trained again this morning. The dashboard still shows yesterday's.",
    difficulty=2,
    turns_red=test_api_serves_last_model,
    hints=(
        "Two places know a model version. Do they agree?",
        'Compare `curl -s "http://127.0.0.1:$PORT/health"` with phases/phase0/model/manifest.json.',
        "The process loaded its model when it started, which was before the training.",
    ),
    way_back=(f"End the API and start it again. In a terminal: Ctrl-C, then\n  {START}"),
    break_it=break_it,
    fix=fix,
)

"""Another program holds the port of the API."""

import sys
from dataclasses import asdict

from checks.phase0.test_api import test_api_predicts
from workbook.drills.drill import Drill, System
from workbook.learner.background import OF_DRILL, Program
from workbook.learner.store import read_state, write_json

SQUATTER = f"{OF_DRILL}port-taken"


def break_it(system: System) -> None:
    api = system.program("sentiment.api:app")
    write_json(system.kept / "api.json", asdict(api))
    system.background.end(api)
    empty = system.kept / "empty"
    empty.mkdir(exist_ok=True)
    port = str(system.choices.port)
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", port]
    system.background.start(command, empty, SQUATTER)
    system.wait_for_port()


def fix(system: System) -> None:
    system.background.end_all(SQUATTER)
    api = read_state(system.kept / "api.json", Program)
    if api and not system.background.running():
        system.background.start(api.command, system.phase.directory, api.started_by)
    system.wait_for_port()


DRILL = Drill(
    title="The machine was restarted. Everything came up again, in some order.",
    difficulty=2,
    turns_red=test_api_predicts,
    hints=(
        "Something answers on the port. Who?",
        "./workbook doctor 0 names the program that holds the port.",
        "It is a file server, started before the API could have its port.",
    ),
    way_back=(
        "End the program that holds the port and start the API. Where that\n"
        "program must stay, give the API another port:\n"
        "  ./workbook use local --port 8001 && ./workbook run 0"
    ),
    break_it=break_it,
    fix=fix,
)

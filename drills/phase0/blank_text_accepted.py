"""An API that makes up a label for a blank text."""

from checks.phase0.test_api import test_api_refuses
from workbook.drills.drill import Drill, System

FILE = "sentiment/api.py"
STRICT = "StringConstraints(min_length=1, max_length=settings.max_characters, pattern=VISIBLE)"
LAX = "StringConstraints(max_length=settings.max_characters)"


def break_it(system: System) -> None:
    system.program("sentiment.api:app")  # or there would be nothing to restart
    system.replace(FILE, STRICT, LAX)
    system.restart_api()


def fix(system: System) -> None:
    if LAX in (system.phase.directory / FILE).read_text(encoding="utf-8"):
        system.replace(FILE, LAX, STRICT)
    system.restart_api()


DRILL = Drill(
    title="A client complained about errors 422, and a colleague made them go away.",
    difficulty=1,
    turns_red=test_api_refuses,
    hints=(
        "Send a blank text: what label does it get, and what would that label mean?",
        "See what has changed: git diff phases/phase0/sentiment/api.py",
        "The constraints on `text` in `Question` lost their minimum and their pattern.",
    ),
    way_back=(
        "Put the constraints back and start the API again:\n"
        "  git diff phases/phase0/sentiment/api.py    shows what was changed"
    ),
    break_it=break_it,
    fix=fix,
)

"""An artefact that is not the one that training wrote."""

from pathlib import Path

from checks.phase0.conftest import HERE
from checks.phase0.test_model import test_model_file_is_unchanged
from workbook.drills.drill import Drill, NothingToBreak, System
from workbook.learner.store import read_json


def break_it(system: System) -> None:
    file = _artefact(system)
    if file is None:
        raise NothingToBreak("There is no model to replace yet.", "./workbook run 0")
    system.keep(file)
    # a harmless pickle; one with other aims would look no different
    system.python(
        f"import joblib; joblib.dump('I could have been any code at all.', {str(file)!r})"
    )


def fix(system: System) -> None:
    if file := _artefact(system):
        system.put_back(file)


def _artefact(system: System) -> Path | None:
    model = system.phase.directory / "model"
    name = (read_json(model / "manifest.json") or {}).get("artefact")
    return model / name if isinstance(name, str) else None


DRILL = Drill(
    title="A colleague has put 'a better model' into model/, by hand.",
    difficulty=2,
    turns_red=test_model_file_is_unchanged,
    hints=(
        "The API still answers: it loaded the model before. What happens if it restarts now?",
        "Compare `sha256sum phases/phase0/model/*.joblib` with the sha256 in manifest.json.",
        "The file is not the one that training wrote. Do not load it: loading runs its code.",
    ),
    way_back=(
        f"Put the file back from your copy, or train again:\n  {HERE}python -m sentiment.train"
    ),
    break_it=break_it,
    fix=fix,
)

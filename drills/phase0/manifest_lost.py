"""A model file that cannot be verified."""

from checks.phase0.conftest import HERE
from checks.phase0.test_model import test_model_trains
from workbook.drills.drill import Drill, NothingToBreak, System


def break_it(system: System) -> None:
    manifest = system.phase.directory / "model" / "manifest.json"
    if not manifest.exists():
        raise NothingToBreak("There is no manifest to lose yet.", "./workbook run 0")
    system.keep(manifest)
    manifest.write_bytes(manifest.read_bytes()[:100])


def fix(system: System) -> None:
    system.put_back(system.phase.directory / "model" / "manifest.json")


DRILL = Drill(
    title="The disk ran full while a colleague copied the model folder to this machine.",
    difficulty=1,
    turns_red=test_model_trains,
    hints=(
        "The check names the files in model/. Are they all complete?",
        "Look at the manifest: cat phases/phase0/model/manifest.json",
        "The manifest ends in the middle. Without it, the model file cannot be verified.",
    ),
    way_back=(
        "Copy the manifest again from a complete copy, or train again:\n"
        f"  {HERE}python -m sentiment.train"
    ),
    break_it=break_it,
    fix=fix,
)

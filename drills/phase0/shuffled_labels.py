"""A model that learned from labels that belong to other texts."""

import shutil

from checks.phase0.conftest import HERE
from checks.phase0.test_model import test_model_beats_guessing
from workbook.drills.drill import Drill, System

TRAIN_ON_SHUFFLED = """
import random
from sentiment import data, model
from sentiment.evaluate import measure
from sentiment.settings import get_settings

settings = get_settings()
split = data.load(settings)
labels = [snippet.label for snippet in split.train]
random.Random(0).shuffle(labels)  # as a join on the wrong column would
pipeline = model.build().fit([snippet.text for snippet in split.train], labels)
model.save(
    pipeline,
    settings.model_dir,
    data_sha256=data.digest(split.train),
    train_texts=len(split.train),
    metrics=measure(pipeline, split),
)
"""


def break_it(system: System) -> None:
    system.program("sentiment.api:app")  # or there would be nothing to restart
    draft = system.kept / "draft"  # an interruption leaves all of the copy or none
    shutil.copytree(system.phase.directory / "model", draft, dirs_exist_ok=True)
    draft.rename(system.kept / "model")
    system.python(TRAIN_ON_SHUFFLED)
    system.restart_api()


def fix(system: System) -> None:
    if (system.kept / "model").exists():
        shutil.rmtree(system.phase.directory / "model", ignore_errors=True)
        shutil.move(system.kept / "model", system.phase.directory / "model")
    system.restart_api()


DRILL = Drill(
    title="The labels come from a new database now. The model was trained again and deployed.",
    difficulty=3,
    turns_red=test_model_beats_guessing,
    hints=(
        "Everything runs and nothing complains. Ask the API about 'What a wonderful film'.",
        "Compare the accuracy in phases/phase0/model/manifest.json with its baseline.",
        "The words with the largest weights make no sense now: python -m sentiment.explain. "
        "The labels in training did not belong to their texts.",
    ),
    way_back=(
        "Take the last good model back, and start the API again. Then fix\n"
        "the labels, train, and look at the accuracy before you deploy:\n"
        f"  {HERE}python -m sentiment.train"
    ),
    break_it=break_it,
    fix=fix,
)

"""The model of phase 0: trained, unchanged since, and better than guessing."""

import hashlib
from typing import Any

from checks.phase0.conftest import HERE
from workbook.checks.check import check
from workbook.course.phase import Phase
from workbook.outcome import NotStarted, Wrong

TRAIN = HERE + "python -m sentiment.train"
NEEDED = {"version", "created", "artefact", "sha256", "scikit_learn", "data_sha256"}


@check(read="phases/phase0/README.md#train-the-model")
def test_model_trains(trained: Phase, manifest: dict[str, Any] | None) -> str:
    """Model trains successfully"""
    model = trained.directory / "model"
    left = sorted(path.name for path in model.glob("*")) if model.exists() else []
    if not left:
        raise NotStarted("train the model: ./workbook start does, or the lesson")
    missing = NEEDED - {name for name, value in (manifest or {}).items() if isinstance(value, str)}
    if manifest is None or missing:
        lacking = f"a manifest without {', '.join(sorted(missing))}" if manifest else "no manifest"
        raise Wrong(
            expected="a model file and a manifest.json that describes it",
            found=f"{lacking} that can be read, in model/: {', '.join(left)}",
            why="without the manifest, the model file cannot be verified, so it must not be opened",
            run_next=TRAIN,
        )
    if manifest["artefact"] not in left:
        raise Wrong(
            expected=f"{manifest['artefact']}, which the manifest names",
            found=f"in model/: {', '.join(left)}",
            why="the model file was removed or renamed after training",
            run_next=TRAIN,
        )
    return f"model {manifest['version']}"


@check(read="phases/phase0/README.md#train-the-model", after=test_model_trains)
def test_model_file_is_unchanged(trained: Phase, manifest: dict[str, Any]) -> str:
    """The model file is the one that the training wrote"""
    file = trained.directory / "model" / manifest["artefact"]
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != manifest["sha256"]:
        raise Wrong(
            expected=f"{file.name} with sha256 {manifest['sha256'][:16]}…, as the manifest says",
            found=f"sha256 {found[:16]}…, {file.stat().st_size:,} bytes",
            why="the file was replaced after training. Loading it would run any code that it holds",
            run_next=TRAIN,
        )
    return f"sha256 {found[:16]}…"


@check(read="phases/phase0/README.md#judge-the-model", after=test_model_file_is_unchanged)
def test_model_beats_guessing(facts: dict[str, Any]) -> str:
    """The model beats guessing on texts that it has never seen"""
    metrics = facts["metrics"]
    half = (metrics["high"] - metrics["low"]) / 2
    accuracy = f"accuracy {metrics['accuracy']:.3f} ± {half:.3f}"
    if metrics["low"] <= metrics["baseline"]:
        raise Wrong(
            expected=f"accuracy above {metrics['baseline']:.3f}, that of one answer for all",
            found=f"{accuracy} on {facts['held_out']:,} held-out texts",
            why="the model learned nothing that works on new texts. Look at the training data, "
            "the labels first",
            run_next=TRAIN,
        )
    return f"{accuracy}, guessing {metrics['baseline']:.3f}"

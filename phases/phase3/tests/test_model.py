import json
import os
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sentiment import data, model
from sentiment.model import LibraryMismatch, Manifest, ModelMissing, ModelReplaced

TEXTS = ["a wonderful film", "the battery is awful", "nothing that it knows", ""]
Save = Callable[[], Manifest]


class Hostile:
    """Unpickling this creates a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


def change_manifest(directory: Path, **fields: object) -> None:
    path = directory / model.MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **fields}), "utf-8")


def artefact(directory: Path) -> Path:
    [path] = directory.glob("*.joblib")
    return path


def test_a_loaded_model_answers_as_the_one_that_was_saved(kept: Path, pipeline: Any) -> None:
    loaded = model.load(kept)
    assert loaded.labels == ["negative", "positive"]
    np.testing.assert_array_equal(
        loaded.pipeline.predict_proba(TEXTS), pipeline.predict_proba(TEXTS)
    )


def test_a_loaded_model_knows_what_was_saved_of_it(save: Save, kept: Path) -> None:
    manifest = save()
    assert model.load(kept).manifest == manifest
    assert manifest.train_texts == 40
    assert (kept / manifest.artefact).is_file()


def test_only_the_current_model_and_its_manifest_stay_in_the_folder(save: Save, kept: Path) -> None:
    manifest = save()
    assert {path.name for path in kept.iterdir()} == {model.MANIFEST, manifest.artefact}


def test_a_replaced_artefact_is_refused_before_it_is_unpickled(kept: Path, tmp_path: Path) -> None:
    trace = tmp_path / "code ran"
    artefact(kept).write_bytes(pickle.dumps(Hostile(trace)))
    with pytest.raises(ModelReplaced, match=model.TRAIN):
        model.load(kept)
    assert not trace.exists()
    pickle.loads(artefact(kept).read_bytes())
    assert trace.exists(), "the file was harmless, so that nothing was tested"


def test_an_artefact_that_is_replaced_once_it_was_verified_is_not_opened(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace, load = tmp_path / "code ran", model.joblib.load

    def replace_and_load(file: Any) -> Any:
        artefact(kept).write_bytes(pickle.dumps(Hostile(trace)))
        return load(file)

    monkeypatch.setattr(model.joblib, "load", replace_and_load)
    assert model.load(kept).labels == ["negative", "positive"]
    assert not trace.exists()


def test_an_artefact_that_lost_its_last_byte_is_refused(kept: Path) -> None:
    artefact(kept).write_bytes(artefact(kept).read_bytes()[:-1])
    with pytest.raises(ModelReplaced, match=model.TRAIN):
        model.load(kept)


def test_an_artefact_that_another_scikit_learn_wrote_is_refused(kept: Path) -> None:
    change_manifest(kept, scikit_learn="0.1.0")
    with pytest.raises(LibraryMismatch, match=r"0\.1\.0.*" + model.TRAIN):
        model.load(kept)


def test_an_artefact_that_another_scikit_learn_wrote_is_refused_before_it_is_unpickled(
    kept: Path, tmp_path: Path
) -> None:
    trace = tmp_path / "code ran"
    artefact(kept).write_bytes(pickle.dumps(Hostile(trace)))
    change_manifest(kept, scikit_learn="0.1.0", sha256=data.sha256(artefact(kept).read_bytes()))
    with pytest.raises(LibraryMismatch):
        model.load(kept)
    assert not trace.exists()


def test_a_folder_without_a_model_is_refused_with_the_command_that_trains_one(
    tmp_path: Path,
) -> None:
    with pytest.raises(ModelMissing, match=model.TRAIN):
        model.load(tmp_path / "nowhere")


def test_a_model_whose_artefact_is_gone_is_refused(kept: Path) -> None:
    artefact(kept).unlink()
    with pytest.raises(ModelMissing, match=model.TRAIN):
        model.load(kept)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda whole: b"", id="empty"),
        pytest.param(lambda whole: whole[: len(whole) // 2], id="cut short"),
        pytest.param(lambda whole: b"version: 1", id="not JSON"),
        pytest.param(lambda whole: b"\xff\xfe\x00", id="not UTF-8"),
        pytest.param(lambda whole: b"[]", id="a list"),
        pytest.param(lambda whole: b"{}", id="without its fields"),
        pytest.param(lambda whole: whole.replace(b'"2', b'"on 2'), id="with a wrong date"),
    ],
)
def test_a_damaged_manifest_is_refused_with_the_command_that_mends_it(
    kept: Path, content: Callable[[bytes], bytes]
) -> None:
    path = kept / model.MANIFEST
    path.write_bytes(content(path.read_bytes()))
    with pytest.raises(ModelMissing, match=model.TRAIN):
        model.load(kept)


@pytest.mark.parametrize("name", ["../{}", "{absolute}", "inner/{}", ".", "..", ""])
def test_a_manifest_that_points_outside_its_folder_is_refused(
    kept: Path, tmp_path: Path, name: str
) -> None:
    (kept / "inner").mkdir()
    for folder in (tmp_path, kept / "inner"):
        (folder / artefact(kept).name).write_bytes(artefact(kept).read_bytes())
    change_manifest(
        kept,
        artefact=name.format(
            artefact(kept).name, absolute=(tmp_path / artefact(kept).name).resolve()
        ),
    )
    with pytest.raises(ModelMissing, match=model.TRAIN):
        model.load(kept)


def test_a_model_folder_that_is_a_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "model").touch()
    with pytest.raises(ModelMissing):
        model.load(tmp_path / "model")


def test_training_mends_a_folder_with_a_damaged_manifest(save: Save, kept: Path) -> None:
    (kept / model.MANIFEST).write_text("damaged", "utf-8")
    manifest = save()
    assert model.load(kept).manifest == manifest


@pytest.mark.parametrize("cut", ["the artefact", "the manifest"])
def test_an_interrupted_save_leaves_the_model_before_it_in_place(
    save: Save, kept: Path, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    before = model.load(kept).manifest
    replace = os.replace

    def interrupted(source: Path, target: Path) -> None:
        if (Path(target).name == model.MANIFEST) == (cut == "the manifest"):
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            save()
    assert model.load(kept).manifest == before
    after = save()
    assert model.load(kept).manifest == after
    assert after.version != before.version
    assert len(list(kept.iterdir())) == 2, "the interrupted save left something behind for good"


class Clock(datetime):
    """A clock that the test sets."""

    time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return cls.time.astimezone(tz)


def test_versions_count_up_within_a_day_and_start_again_on_the_next(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "datetime", Clock)
    same_day = [save().version for _ in range(11)]
    assert same_day == [f"2026-03-01.{count}" for count in range(1, 12)]
    monkeypatch.setattr(Clock, "time", datetime(2026, 3, 2, 0, 1, tzinfo=UTC))
    assert save().version == "2026-03-02.1"


def answers(trained: model.Model, texts: list[str]) -> str:
    """A digest of the probabilities, to the six decimals that no machine argues about."""
    return data.sha256(np.round(trained.pipeline.predict_proba(texts), 6).tobytes())


def test_two_trainings_in_two_processes_give_the_same_answers(
    trained_twice: tuple[model.Model, model.Model], split: data.Split
) -> None:
    first, second = trained_twice
    texts = [snippet.text for snippet in split.test]
    assert answers(first, texts) == answers(second, texts)
    assert first.manifest.metrics == second.manifest.metrics
    assert first.manifest.data_sha256 == second.manifest.data_sha256 == data.digest(split.train)


def test_the_real_model_is_well_above_the_baseline(
    trained_twice: tuple[model.Model, model.Model],
) -> None:
    metrics = trained_twice[0].manifest.metrics
    assert metrics.baseline + 0.2 < metrics.low < metrics.accuracy < metrics.high < 1

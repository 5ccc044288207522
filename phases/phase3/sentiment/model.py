"""The model: what it is made of, how it is kept, and why a kept model can be trusted.

A model is kept as two files. `manifest.json` says which artefact is current and what it must be;
the artefact is a pickle, and unpickling runs whatever code the file holds. So the artefact's digest
is verified against the manifest, and the library against the version that wrote it, before anything
is unpickled. This finds a file that was damaged or replaced by itself; somebody who can write both
files can replace both.
"""

import hashlib
import io
import math
import os
import tempfile
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import joblib
import sklearn
from pydantic import BaseModel, ValidationError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

MANIFEST = "manifest.json"
TRAIN = "python -m sentiment.train"


class ModelError(Exception):
    """The kept model cannot be used; the message says why and what to run."""


class ModelMissing(ModelError):
    """There is no model, or no readable manifest of one."""


class ModelReplaced(ModelError):
    """The artefact is not the file that training wrote."""


class LibraryMismatch(ModelError):
    """The artefact was written by another version of scikit-learn."""


class Metrics(BaseModel):
    """How the model did on the held-out texts, as shares between 0 and 1."""

    accuracy: float
    low: float  # bounds of the 95 % confidence interval of the accuracy
    high: float
    baseline: float  # accuracy of always answering the commonest label


class Manifest(BaseModel):
    """What is known of an artefact; the current model is the one that the manifest names."""

    version: str
    created: datetime
    artefact: str
    sha256: str
    scikit_learn: str
    data_sha256: str
    train_texts: int
    metrics: Metrics


class Judgement(NamedTuple):
    """What the model says of one text."""

    label: str
    confidence: float  # the probability of the label
    known_words: int  # words and word pairs of the text that the model knows


class Model(NamedTuple):
    """A fitted pipeline and what is known of it."""

    pipeline: Pipeline
    manifest: Manifest

    @property
    def labels(self) -> list[str]:
        return [str(label) for label in self.pipeline.classes_]

    def judge(self, text: str) -> Judgement:
        """Judge one text, as `pipeline.predict_proba([text])` does.

        `predict_proba` spends a quarter of a millisecond on preparing for many texts; for one, the
        logistic function of the weighted sum takes a hundredth of that.
        """
        words = self.pipeline["words"].transform([text])
        weights = self.pipeline["weights"]
        score = float(weights.intercept_[0] + words.data @ weights.coef_[0][words.indices])
        negative, positive = self.labels
        probability = 1 / (1 + math.exp(-score))  # of positive
        if probability > 0.5:
            return Judgement(positive, probability, words.nnz)
        return Judgement(negative, 1 - probability, words.nnz)


def build() -> Pipeline:
    """An untrained model: words and word pairs, weighed by rarity, then one weight for each."""
    return Pipeline(
        [
            # min_df: a word that occurs in one training text only says nothing about others
            ("words", TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)),
            # liblinear: made for sparse numbers, and here 15 times as quick as the default
            ("weights", LogisticRegression(C=4, solver="liblinear")),
        ]
    )


def save(
    pipeline: Pipeline, directory: Path, *, data_sha256: str, train_texts: int, metrics: Metrics
) -> Manifest:
    """Write artefact and manifest. The manifest is replaced last and in one step, so that an
    interrupted training leaves the model before it in place."""
    directory.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    version = _next_version(directory, now.date())
    artefact = directory / f"sentiment-{version}.joblib"
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        draft = Path(folder) / "artefact"
        joblib.dump(pipeline, draft)
        manifest = Manifest(
            version=version,
            created=now,
            artefact=artefact.name,
            sha256=hashlib.sha256(draft.read_bytes()).hexdigest(),
            scikit_learn=sklearn.__version__,
            data_sha256=data_sha256,
            train_texts=train_texts,
            metrics=metrics,
        )
        os.replace(draft, artefact)
        draft = Path(folder) / "manifest"
        draft.write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        os.replace(draft, directory / MANIFEST)
    for other in directory.glob("sentiment-*.joblib"):
        if other != artefact:
            other.unlink()
    return manifest


def load(directory: Path) -> Model:
    """Verify the kept model, then unpickle it.

    Raises:
        ModelMissing, ModelReplaced, LibraryMismatch: with the command that mends it.
    """
    manifest = read_manifest(directory)
    artefact = directory / manifest.artefact
    if not artefact.is_file():
        raise ModelMissing(f"{artefact} is gone, though {MANIFEST} names it. Run: {TRAIN}")
    if manifest.scikit_learn != sklearn.__version__:
        raise LibraryMismatch(
            f"{artefact} was written by scikit-learn {manifest.scikit_learn}, and this is "
            f"{sklearn.__version__}: it could answer differently. Run: {TRAIN}"
        )
    content = artefact.read_bytes()  # read once: what is verified is what is opened
    if hashlib.sha256(content).hexdigest() != manifest.sha256:
        raise ModelReplaced(
            f"{artefact} is not the file that training wrote (its sha256 differs from the "
            f"manifest's), so it is not opened: a pickle can run any code. Run: {TRAIN}"
        )
    return Model(joblib.load(io.BytesIO(content)), manifest)


def read_manifest(directory: Path) -> Manifest:
    """Read the manifest of the current model.

    Raises:
        ModelMissing: there is none, or it is not one.
    """
    path = directory / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise ModelMissing(f"there is no model in {directory}. Run: {TRAIN}") from None
    except ValidationError as error:
        problem = error.errors()[0]["msg"]
        raise ModelMissing(f"{path} is not a manifest ({problem}). Run: {TRAIN}") from None
    if Path(manifest.artefact).name != manifest.artefact:
        raise ModelMissing(f"{path} names a file outside its own folder. Run: {TRAIN}")
    return manifest


def _next_version(directory: Path, today: date) -> str:
    """Versions are a date and a count: 2026-11-23.1, then 2026-11-23.2."""
    versions = [p.stem.removeprefix("sentiment-") for p in directory.glob("sentiment-*.joblib")]
    with suppress(ModelMissing):
        versions.append(read_manifest(directory).version)
    counts = [version.rpartition(".")[2] for version in versions if version.startswith(f"{today}.")]
    return f"{today}.{max((int(count) for count in counts if count.isdecimal()), default=0) + 1}"

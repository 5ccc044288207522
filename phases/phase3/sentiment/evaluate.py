"""How good is the model, on texts that it has never seen, and on texts that are hard?"""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline

from sentiment import data, model
from sentiment.data import Snippet
from sentiment.model import Metrics
from sentiment.settings import get_settings

HARD_SET = Path(__file__).with_name("hard_set.csv")
RESAMPLES = 1_000
SURE = 0.9


class Hard(NamedTuple):
    """A sentence written to be difficult, with the label that a person would give."""

    kind: str  # negation, contrast or irony
    label: str
    text: str


def correct(pipeline: Pipeline, examples: Sequence[Snippet | Hard]) -> np.ndarray:
    """Which of the examples the model labels as people do: shape (examples,), booleans."""
    predicted = pipeline.predict([example.text for example in examples])
    return np.asarray(predicted == np.array([example.label for example in examples]))


def confidence_interval(right: np.ndarray, sources: Sequence[str]) -> tuple[float, float]:
    """The 95 % interval of an accuracy, by resampling whole sources.

    Snippets of one text resemble each other, so they are drawn together (the cluster bootstrap:
    Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8).
    """
    _, group = np.unique(sources, return_inverse=True)
    hits, sizes = np.bincount(group, weights=right), np.bincount(group)
    drawn = np.random.default_rng(0).integers(len(sizes), size=(RESAMPLES, len(sizes)))
    accuracies = hits[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(accuracies, [0.025, 0.975])
    return float(low), float(high)


def measure(pipeline: Pipeline, split: data.Split) -> Metrics:
    """Accuracy on the held-out texts, beside that of always answering the commonest label."""
    right = correct(pipeline, split.test)
    low, high = confidence_interval(right, [snippet.source for snippet in split.test])
    guess = DummyClassifier(strategy="most_frequent")
    guess.fit([s.text for s in split.train], [s.label for s in split.train])
    baseline = guess.score([s.text for s in split.test], [s.label for s in split.test])
    return Metrics(accuracy=float(right.mean()), low=low, high=high, baseline=float(baseline))


def hard_set() -> list[Hard]:
    """The hand-written sentences, in the order of the file."""
    with HARD_SET.open(encoding="utf-8", newline="") as file:
        return [Hard(**row) for row in csv.DictReader(file)]


def main() -> None:
    settings = get_settings()
    try:
        split = data.load(settings)
        trained = model.load(settings.model_dir)
    except (data.DataError, model.ModelError) as error:
        sys.exit(str(error))

    if trained.manifest.data_sha256 != data.digest(split.train):
        sys.exit(
            "the model was trained on other texts than these settings name, so that some of it "
            f"may be held out here and known to it. Run: {model.TRAIN}"
        )

    metrics = measure(trained.pipeline, split)
    print(f"{'held-out texts':18}{len(split.test):7,}   accuracy {metrics.accuracy:.3f}", end="   ")
    print(f"95 % interval {metrics.low:.3f} to {metrics.high:.3f}")
    print(f"{'always the same':18}{'':7}   accuracy {metrics.baseline:.3f}")
    for domain in data.DOMAINS:
        snippets = [snippet for snippet in split.test if snippet.domain == domain]
        right = correct(trained.pipeline, snippets)
        low, high = confidence_interval(right, [snippet.source for snippet in snippets])
        print(f"  {domain:16}{len(snippets):7,}   accuracy {right.mean():.3f}", end="   ")
        print(f"95 % interval {low:.3f} to {high:.3f}")
    sure = trained.pipeline.predict_proba([s.text for s in split.test]).max(axis=1) >= SURE
    right = correct(trained.pipeline, split.test)[sure]
    print(f"{f'at least {SURE:.0%} sure':18}{len(right):7,}   accuracy {right.mean():.3f}")
    for kind in ("negation", "contrast", "irony"):
        sentences = [sentence for sentence in hard_set() if sentence.kind == kind]
        right = correct(trained.pipeline, sentences)
        print(f"{'hard: ' + kind:18}{len(sentences):7,}   {right.sum()} right")


if __name__ == "__main__":
    main()

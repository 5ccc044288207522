"""Why the model says what it says: its weights, and what each word adds to one answer.

The probability of "positive" is 1 / (1 + exp(-score)), and the score is the starting point that all
texts share plus, for each known word and word pair, its share of the text times its weight.
"""

import argparse
import math
import sys

import numpy as np

from sentiment import model
from sentiment.model import Model
from sentiment.settings import get_settings


def weights(trained: Model) -> list[tuple[str, float]]:
    """Every known word and word pair with its weight, the most negative first."""
    words = trained.pipeline["words"].get_feature_names_out()
    values = trained.pipeline["weights"].coef_[0]
    return [(str(words[i]), float(values[i])) for i in np.argsort(values, kind="stable")]


def contributions(trained: Model, text: str) -> list[tuple[str, float]]:
    """What each known word and word pair of `text` adds to its score, the most negative first."""
    shares = trained.pipeline["words"].transform([text])
    words = trained.pipeline["words"].get_feature_names_out()
    values = trained.pipeline["weights"].coef_[0]
    parts = [
        (str(words[i]), float(share * values[i]))
        for i, share in zip(shares.indices, shares.data, strict=True)
    ]
    return sorted(parts, key=lambda part: part[1])


def start(trained: Model) -> float:
    """The score of a text in which the model knows no word."""
    return float(trained.pipeline["weights"].intercept_[0])


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Show what moves the model: one text's words, or the strongest weights.",
        epilog='example: python -m sentiment.explain "not good at all"',
    )
    parser.add_argument("text", nargs="?", help="explain the answer for this text")
    parser.add_argument("--top", type=int, default=10, help="strongest words each way (10)")
    arguments = parser.parse_args()
    try:
        trained = model.load(get_settings().model_dir)
    except model.ModelError as error:
        sys.exit(str(error))

    if arguments.text is None:
        ordered = weights(trained)
        top = max(1, min(arguments.top, len(ordered)))
        print(f"{'towards negative':30}towards positive")
        for negative, positive in zip(ordered[:top], reversed(ordered[-top:]), strict=True):
            print(f"{negative[1]:+6.2f} {negative[0]:23}{positive[1]:+6.2f} {positive[0]}")
        return

    parts = contributions(trained, arguments.text)
    for word, value in parts:
        print(f"{value:+6.2f}  {word}")
    print(f"{start(trained):+6.2f}  (where every text starts)")
    score = start(trained) + sum(value for _, value in parts)
    print(f"{score:+6.2f}  score, so positive with probability {1 / (1 + math.exp(-score)):.2f}")


if __name__ == "__main__":
    main()

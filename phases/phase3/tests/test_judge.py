"""The short way to one answer is the pipeline's own."""

from typing import Any

import pytest

TEXTS = [
    "a superb film",
    "this film is dull and slow",
    "unknown words only: zxcv",
    "good good good",
]


@pytest.mark.parametrize("text", TEXTS)
def test_judging_one_text_agrees_with_the_pipeline(small: Any, text: str) -> None:
    judgement = small.judge(text)
    negative, positive = small.pipeline.predict_proba([text])[0]
    assert judgement.label == ("positive" if positive > negative else "negative")
    assert judgement.confidence == pytest.approx(max(negative, positive), abs=1e-12)
    assert judgement.known_words == small.pipeline["words"].transform([text]).nnz

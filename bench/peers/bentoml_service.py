"""Our model behind BentoML: `bentoml serve bentoml_service:Plain`, or `:Batching`."""

import os
from pathlib import Path
from typing import Any

import bentoml
from sentiment import model

MODEL = Path(os.environ["SENTIMENT_MODEL_DIR"])


@bentoml.service
class Plain:
    """One text a call."""

    def __init__(self) -> None:
        self.model = model.load(MODEL)

    @bentoml.api
    def predict(self, text: str) -> dict[str, Any]:
        return self.model.judge(text)._asdict()


@bentoml.service
class Batching:
    """A list of texts a call, and the lists of several calls together."""

    def __init__(self) -> None:
        self.model = model.load(MODEL)

    @bentoml.api(batchable=True, max_batch_size=64)
    def predict(self, texts: list[str]) -> list[dict[str, Any]]:
        return [judgement._asdict() for judgement in self.model.judge_all(texts)]

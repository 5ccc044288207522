"""Facts of the learner's model, found with the learner's own code; prints JSON.

Run in the folder of the phase, by the fixture `facts`.
"""

import json

import numpy as np
from sentiment import data, model
from sentiment.evaluate import measure
from sentiment.explain import weights
from sentiment.settings import get_settings

SWING_TEXT = "The food was not good"
SURE = 0.9

settings = get_settings()
trained = model.load(settings.model_dir)
split = data.load(settings)

metrics = measure(trained.pipeline, split)
probabilities = trained.pipeline.predict_proba([snippet.text for snippet in split.test])
labels = np.array(trained.labels)[probabilities.argmax(axis=1)]
right = labels == np.array([snippet.label for snippet in split.test])
sure = probabilities.max(axis=1) >= SURE

words = SWING_TEXT.split()
without = [" ".join(words[:i] + words[i + 1 :]) for i in range(len(words))]
turned = trained.pipeline.predict(without) != trained.pipeline.predict([SWING_TEXT])[0]

print(
    json.dumps(
        {
            "metrics": metrics.model_dump(),
            "held_out": len(split.test),
            "strongest_negative": weights(trained)[0][0],
            "swing_words": [word for word, turns in zip(words, turned, strict=True) if turns],
            "right_when_sure": float(right[sure].mean()) if sure.any() else None,
        }
    )
)

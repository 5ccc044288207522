"""What the model says of new sentences; prints JSON.

Run in the folder of a phase, with its code. The words are drawn from those that the model knows,
until there are as many sentences of each label as the argument says.
"""

import json
import random
import sys

from sentiment import model
from sentiment.settings import get_settings

WORDS = 6

of_each = int(sys.argv[1])
trained = model.load(get_settings().model_dir)
known = [word for word in trained.pipeline["words"].get_feature_names_out() if " " not in word]
draw = random.SystemRandom()
found: dict[str, list[dict[str, object]]] = {label: [] for label in trained.labels}

for _ in range(1000):
    texts = [" ".join(draw.choices(known, k=WORDS)) for _ in range(4 * of_each)]
    for text, shares in zip(texts, trained.pipeline.predict_proba(texts), strict=True):
        label = trained.labels[shares.argmax()]
        if len(found[label]) < of_each:
            found[label].append({"text": text, "label": label, "confidence": float(shares.max())})
    if all(len(each) == of_each for each in found.values()):
        break

print(
    json.dumps(
        {
            "version": trained.manifest.version,
            "sha256": trained.manifest.sha256,
            "sentences": [each for several in found.values() for each in several],
        }
    )
)

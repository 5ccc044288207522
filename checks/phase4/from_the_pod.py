"""Run in a pod of the API, with its code and its settings: how many times is the model called?

Asked is what answers `POST /predict`, without a database: nothing of this is recorded. Prints JSON:
texts that were judged at once, calls of the model, and whether the answers are right. Where the
code is of an earlier phase, texts is null.
"""

import asyncio
import importlib.util
import json
import os
from types import SimpleNamespace

os.environ.pop("SENTIMENT_DATABASE_HOST", None)  # before the settings are read

from sentiment import api, model

TEXTS = [f"Number {number} was superb, and the sound is awful." for number in range(32)]
calls = 0


def counted(judge_all):
    def call(self, texts):
        global calls
        calls += 1
        return judge_all(self, texts)

    return call


async def main():
    request = SimpleNamespace(app=api.app)
    async with api.lifespan(api.app):
        expected = [api.app.state.model.judge(text).label for text in TEXTS]
        model.Model.judge_all = counted(model.Model.judge_all)
        asked = [api.predict(api.Question(text=text), request) for text in TEXTS]
        found = [answer.label for answer in await asyncio.gather(*asked)]
    print(json.dumps({"texts": len(TEXTS), "calls": calls, "right": found == expected}))


if importlib.util.find_spec("sentiment.batching"):
    asyncio.run(main())
else:
    print(json.dumps({"texts": None}))

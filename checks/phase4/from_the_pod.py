"""Run in a pod of the API, with its code and its settings: how many times is the model called?

Prints JSON: texts that were judged at once, calls of the model, and whether the answers are right.
"""

import asyncio
import json
from pathlib import Path

from sentiment import model
from sentiment.batching import Batcher
from sentiment.settings import get_settings

TEXTS = [f"Number {number} was superb, and the sound is awful." for number in range(32)]
calls = 0


def counted(judge_all):
    def call(self, texts):
        global calls
        calls += 1
        return judge_all(self, texts)

    return call


async def main():
    settings = get_settings()
    trained = model.load(Path("model"))
    expected = [trained.judge(text).label for text in TEXTS]
    model.Model.judge_all = counted(model.Model.judge_all)
    batcher = Batcher(trained, settings)
    found = [each.label for each in await asyncio.gather(*map(batcher.judge, TEXTS))]
    print(json.dumps({"texts": len(TEXTS), "calls": calls, "right": found == expected}))


asyncio.run(main())

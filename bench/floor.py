"""What an answer costs without HTTP: the API's own function in a loop, in one thread.

Run by predict.py, with the phase's folder on PYTHONPATH: floor.py BODIES SECONDS
"""

import asyncio
import json
import statistics
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sentiment import api, model
from sentiment.settings import get_settings


async def loop(bodies: list[str], seconds: float) -> dict[str, float]:
    """Answer the questions in turn; no server, no JSON, no second thread."""
    questions = [api.Question.model_validate_json(body) for body in bodies]
    state = SimpleNamespace(model=model.load(get_settings().model_dir))
    request: Any = SimpleNamespace(app=SimpleNamespace(state=state))
    for question in questions:  # warm up
        await api.predict(question, request)

    took: list[float] = []
    cpu, start = time.process_time(), time.perf_counter()
    now = start
    while now - start < seconds:
        await api.predict(questions[len(took) % len(questions)], request)
        then, now = now, time.perf_counter()
        took.append(now - then)
    percentiles = statistics.quantiles(took, n=100)
    return {
        "cpu_ms": (time.process_time() - cpu) / len(took) * 1e3,
        "per_second": len(took) / (now - start),
        "p50_ms": percentiles[49] * 1e3,
        "p99_ms": percentiles[98] * 1e3,
        "errors": 0,
    }


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    print(json.dumps(asyncio.run(loop(lines, float(sys.argv[2])))))

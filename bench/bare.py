"""What phase 4's model costs with nothing around it: one text after the other, and 64 at once.

Run by phases.py in the phase's folder: bare.py BODIES SECONDS
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sentiment import model
from sentiment.settings import get_settings

TOGETHER = 64


def measure(judge: Callable[[], object], texts: int, seconds: float) -> dict[str, float]:
    """Call it again and again, in one thread."""
    judge()
    calls = 0
    cpu, start = time.process_time(), time.perf_counter()
    while time.perf_counter() - start < seconds:
        judge()
        calls += 1
    judged = calls * texts
    return {
        "cpu_ms": (time.process_time() - cpu) / judged * 1e3,
        "per_second": judged / (time.perf_counter() - start),
    }


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    trained = model.load(get_settings().model_dir)
    full = (texts * TOGETHER)[:TOGETHER]
    ways = {
        "one": lambda: [trained.judge(text) for text in texts],
        "together": lambda: trained.judge_all(full),
    }
    found = {
        name: measure(judge, len(texts) if name == "one" else TOGETHER, float(sys.argv[2]))
        for name, judge in ways.items()
    }
    print(json.dumps(found))

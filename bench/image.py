"""Measure the image of phase 1, beside the guide's Dockerfile around the same code.

See docs/benchmarks-image.md, which this writes, for the method.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import median

import guide
from report import machine

from workbook.learner.choices import load_choices
from workbook.targets.environment import lesson_environment

ROOT = Path(__file__).resolve().parents[1]
PHASE = ROOT / "phases" / "phase1"
NAMESPACE = "ml-bench"
OURS, GUIDE = "ours", "the guide's Dockerfile"
SECONDS_TO_ANSWER = 60
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: bench, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: bench}}}}
  template:
    metadata: {{labels: {{app: bench}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: api
          image: {image}
          readinessProbe: {{httpGet: {{path: /health, port: 8000}}, periodSeconds: 1}}
"""


class BenchError(Exception):
    """It cannot be measured; the message says why."""


@dataclass
class Image:
    """What was measured of one image; times in seconds."""

    name: str  # in the registry, by digest
    compressed: int  # bytes that a node fetches
    uncompressed: int  # bytes on its disk
    first: float = 0  # from kubectl apply to Ready, when the node has no layer of it
    ready: list[float] = field(default_factory=list)  # the same, when it has all
    start: list[float] = field(default_factory=list)  # from docker run to the first answer


def main() -> int:
    """Build both, measure in turns, write the page."""
    options = _options()
    os.environ.update(lesson_environment(ROOT, load_choices(ROOT)))
    if "REGISTRY" not in os.environ:
        print("There is no cluster to measure on. Run next: ./workbook up", file=sys.stderr)
        return 1
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            images = _measure(options.brief, options.rounds, Path(name))
    except (BenchError, guide.GuideError) as error:
        print(error, file=sys.stderr)
        return 1
    options.out.write_text(_page(images, options.rounds), encoding="utf-8")
    print(f"wrote {options.out}")
    return 0


def _measure(brief: Path, rounds: int, folder: Path) -> dict[str, Image]:
    _run(sys.executable, "-m", "sentiment.train", cwd=PHASE)
    images = {
        OURS: _build("bench-ours", PHASE),
        GUIDE: _build("bench-guide", _guides_context(brief, folder / "guide")),
    }
    try:
        _run("kubectl", "create", "namespace", NAMESPACE)
        for image in images.values():
            image.first = _seconds_to_ready(image)
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", flush=True)
            for image in images.values():
                image.ready.append(_seconds_to_ready(image))
                image.start.append(_seconds_to_start(image))
    finally:
        _run("kubectl", "delete", "namespace", NAMESPACE, "--ignore-not-found")
    return images


def _guides_context(brief: Path, context: Path) -> Path:
    """The guide's Dockerfile, with our base, our names and our versions in place of its own."""
    text = guide.dockerfile(brief)
    for its, ours in (
        ("FROM python:3.9-slim", f"FROM {os.environ['BASE_IMAGE']}"),
        ("src/ ./src/", "sentiment/ ./sentiment/"),
        ("model.pkl .", "model/ ./model/"),
        ("src.api.main:app", "sentiment.api:app"),
    ):
        if its not in text:
            raise guide.GuideError(f"the guide's Dockerfile has no {its!r}")
        text = text.replace(its, ours)
    for name in ("sentiment", "model"):
        shutil.copytree(PHASE / name, context / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PHASE / "requirements.txt", context)
    (context / "Dockerfile").write_text(text, encoding="utf-8")
    return context


def _build(name: str, context: Path) -> Image:
    print(f"building {name}", flush=True)
    registry = os.environ["REGISTRY"]
    tag = f"{registry}/{name}:latest"
    base = f"--build-arg=BASE={os.environ['BASE_IMAGE']}"
    _run("docker", "build", "--quiet", "--no-cache", base, f"--tag={tag}", str(context))
    _run("docker", "push", "--quiet", tag)
    digest = _run("docker", "inspect", "--format={{index .RepoDigests 0}}", tag).strip()
    size = int(_run("docker", "inspect", "--format={{.Size}}", tag))
    address = f"http://{registry}/v2/{name}/manifests/{digest.partition('@')[2]}"
    request = urllib.request.Request(address, headers={"Accept": MANIFEST})
    with urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER) as answer:
        layers = json.load(answer)["layers"]
    return Image(digest, sum(layer["size"] for layer in layers), size)


def _seconds_to_ready(image: Image) -> float:
    text = DEPLOYMENT.format(namespace=NAMESPACE, image=image.name)
    began = time.monotonic()
    _run("kubectl", "apply", "--filename=-", stdin=text)
    wait = ("rollout", "status", "deployment/bench", f"--namespace={NAMESPACE}")
    _run("kubectl", *wait, f"--timeout={SECONDS_TO_ANSWER * 3}s")
    took = time.monotonic() - began
    _run("kubectl", "delete", "deployment", "bench", f"--namespace={NAMESPACE}")
    selector = (f"--namespace={NAMESPACE}", "--selector=app=bench", "--timeout=60s")
    _run("kubectl", "wait", "pod", "--for=delete", *selector)
    return took


def _seconds_to_start(image: Image) -> float:
    began = time.monotonic()
    run = ("docker", "run", "--detach", "--rm", "--publish=127.0.0.1::8000", image.name)
    container = _run(*run).strip()
    try:
        address = _run("docker", "port", container, "8000").split()[0]
        while time.monotonic() - began < SECONDS_TO_ANSWER:
            try:
                with urllib.request.urlopen(f"http://{address}/health", timeout=1):
                    return time.monotonic() - began
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)
        raise BenchError(f"{image.name} does not answer within {SECONDS_TO_ANSWER} s")
    finally:
        _run("docker", "kill", container)


def _run(*command: str, cwd: Path | None = None, stdin: str = "") -> str:
    done = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["no output"]
        raise BenchError(f"{' '.join(command[:4])} failed: {last[0]}")
    return done.stdout


def _page(images: dict[str, Image], rounds: int) -> str:
    rows = [
        f"| {name} | {image.compressed / 1e6:.0f} | {image.uncompressed / 1e6:.0f} "
        f"| {image.first:.1f} | {_spread(image.ready)} | {_spread(image.start)} |"
        for name, image in images.items()
    ]
    pairs = {
        "from apply to Ready": (images[OURS].ready, images[GUIDE].ready),
        "start-up": (images[OURS].start, images[GUIDE].start),
    }
    ratios = [
        f"- {what}: {_spread([a / b for a, b in zip(*pair, strict=True)])}"
        for what, pair in pairs.items()
    ]
    size = images[OURS].compressed / images[GUIDE].compressed
    return "\n".join(
        [
            "# What the image weighs",
            "",
            f"The image of phase 1, measured on {date.today():%d %B %Y}. `bench/image.py` wrote "
            "this page. Run it on your machine, for your figures will differ:",
            "",
            "```bash",
            f".venv/bin/python bench/image.py --rounds {rounds} --brief GUIDE.md",
            "```",
            "",
            "| | MB to fetch | MB on disk | s to Ready, first | s to Ready: min / median / max "
            "| s to start: min / median / max |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            "Ours divided by the guide's, below 1 being better for ours:",
            "",
            f"- MB to fetch: **{size:.2f}**",
            *ratios,
            "",
            "## Method",
            "",
            "- Both images hold the same code, the same model and the same base image. The guide's "
            "Dockerfile is cut out of the guide when this runs, and gets our base and our names; "
            "its `pip install` reads phase 1's `requirements.txt`. So what differs is the "
            "Dockerfile: two stages and a lock with hashes, or one stage that keeps pip, tests "
            "and root.",
            "- *MB to fetch* is the sum of the layers in the registry, as they are sent. *First* "
            "is a node that has fetched nothing of it, except that the base is shared: ours came "
            "first and so paid for it.",
            "- *To Ready* is from `kubectl apply` to the end of `kubectl rollout status`, with a "
            "readiness probe each second. *To start* is from `docker run` to the first answer. "
            f"{rounds} rounds, in each of which both take their turn.",
            "",
            "## Machine",
            "",
            machine(),
            "",
        ]
    )


def _spread(values: list[float]) -> str:
    return f"{min(values):.2f} / **{median(values):.2f}** / {max(values):.2f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Measure the image of phase 1 on the local cluster, and write "
        "docs/benchmarks-image.md.",
        epilog="example: .venv/bin/python bench/image.py --brief ~/guide.md --rounds 5",
    )
    parser.add_argument("--brief", type=Path, required=True, help="the Markdown file of the guide")
    parser.add_argument("--rounds", type=int, default=5, help="rounds (5)")
    out = ROOT / "docs" / "benchmarks-image.md"
    parser.add_argument("--out", type=Path, default=out, help=f"the page ({out.name})")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

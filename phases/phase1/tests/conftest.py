"""What the tests of phase 0's own code share.

Each phase has a package named `sentiment`: the tests of two phases cannot share a pytest process.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest

PHASE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PHASE))
# What is set in the shell must not change what is tested; where the download is kept may.
for name in [n for n in os.environ if n.startswith("SENTIMENT_") and n != "SENTIMENT_DATA_DIR"]:
    del os.environ[name]

import sentiment  # noqa: E402

# how long an example takes is the machine's affair
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")

if Path(sentiment.__file__).resolve().parent != PHASE / "sentiment":
    raise pytest.UsageError(
        f"{sentiment.__file__} was imported before {PHASE}/sentiment: run pytest on one phase alone"
    )

from sentiment import data, model  # noqa: E402
from sentiment.settings import Settings  # noqa: E402

GOOD = ("good", "wonderful", "superb", "charming", "delightful")
BAD = ("bad", "dreadful", "dull", "broken", "awful")
THINGS = ("the battery", "this film", "her speech", "that phone")
METRICS = model.Metrics(accuracy=0.8, low=0.7, high=0.9, baseline=0.5)


class Client:
    """Asks the app in this process, with no server between: a fault inside becomes a 500."""

    def __init__(self, app: Any, runner: asyncio.Runner, manifest: model.Manifest) -> None:
        self.runner = runner
        self.manifest = manifest  # of the model that answers
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://test")

    def get(self, path: str) -> httpx.Response:
        return self.runner.run(self.http.get(path))

    def post(
        self, body: bytes | AsyncIterable[bytes], content_type: str = "application/json"
    ) -> httpx.Response:
        headers = {"Content-Type": content_type}
        return self.runner.run(self.http.post("/predict", content=body, headers=headers))

    def ask(self, text: object) -> httpx.Response:
        return self.post(json.dumps({"text": text}).encode())


def small_pipeline() -> Any:
    """A model that has learned ten words from forty tiny texts."""
    texts = [f"{thing} is {word}" for word in GOOD + BAD for thing in THINGS]
    labels = ["positive"] * (len(texts) // 2) + ["negative"] * (len(texts) // 2)
    return model.build().fit(texts, labels)


@pytest.fixture(scope="session")
def pipeline() -> Any:
    return small_pipeline()


@pytest.fixture
def save(pipeline: Any, tmp_path: Path) -> Callable[[], model.Manifest]:
    """Keep the small model in `tmp_path / "model"`."""

    def keep() -> model.Manifest:
        return model.save(
            pipeline, tmp_path / "model", data_sha256="0" * 64, train_texts=40, metrics=METRICS
        )

    return keep


@pytest.fixture
def kept(save: Callable[[], model.Manifest], tmp_path: Path) -> Path:
    """The folder of a small model that `model.load` accepts."""
    save()
    return tmp_path / "model"


@pytest.fixture(scope="session")
def small(pipeline: Any, tmp_path_factory: pytest.TempPathFactory) -> model.Model:
    """The small model, saved and loaded."""
    directory = tmp_path_factory.mktemp("small")
    model.save(pipeline, directory, data_sha256="0" * 64, train_texts=40, metrics=METRICS)
    return model.load(directory)


@pytest.fixture(scope="session")
def client(pipeline: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The started API, answering with the small model."""
    from sentiment import api

    directory = tmp_path_factory.mktemp("served")
    manifest = model.save(
        pipeline, directory, data_sha256="0" * 64, train_texts=40, metrics=METRICS
    )
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        patch.setattr(api, "settings", Settings(model_dir=directory))
        lifespan = api.app.router.lifespan_context(api.app)
        runner.run(lifespan.__aenter__())
        yield Client(api.app, runner, manifest)
        runner.run(lifespan.__aexit__(None, None, None))


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The settings as they are when nobody sets any."""
    return Settings()


@pytest.fixture(scope="session")
def rated(settings: Settings) -> list[data.Snippet]:
    """All real snippets; the first run downloads them into the user's cache."""
    return data.read(data.download(settings))


@pytest.fixture(scope="session")
def split(settings: Settings, rated: list[data.Snippet]) -> data.Split:
    return data.load(settings)


@pytest.fixture(scope="session")
def trained_twice(
    rated: list[data.Snippet], tmp_path_factory: pytest.TempPathFactory
) -> tuple[model.Model, model.Model]:
    """The real model, trained by two processes that hash strings differently."""
    folders = [tmp_path_factory.mktemp("real") for _ in range(2)]
    trainings = [
        subprocess.Popen(
            [sys.executable, "-m", "sentiment.train"],
            cwd=PHASE,
            env={
                **os.environ,
                "SENTIMENT_MODEL_DIR": str(folder),
                "PYTHONHASHSEED": seed,
                "OMP_NUM_THREADS": "1",  # each has a core; more threads wait for one another
            },
            stdout=subprocess.DEVNULL,
        )
        for folder, seed in zip(folders, ("1", "2"), strict=True)
    ]
    assert [training.wait() for training in trainings] == [0, 0]
    first, second = (model.load(folder) for folder in folders)
    return first, second


@pytest.fixture(scope="session")
def run() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `python -m ...` in the phase's folder, with changes to the environment (None: unset)."""

    def start(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **changes}
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=PHASE,
            env={name: value for name, value in environment.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return start

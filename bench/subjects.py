"""What bench/phases.py measures, and how each is started and asked."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import database
import environments
import guide
from server import Server, uvicorn

ROOT = Path(__file__).resolve().parents[1]
PHASES = ROOT / "phases"
ADAPTERS = Path(__file__).resolve().parent / "peers"
PEERS = ("BentoML", "LitServe", "MLServer")
OURS = ("phase 0", "phase 2", "phase 2 + log", "phase 4", "phase 4 + log")
GUIDE = "the guide's phase 0"
GUIDES = {  # the name of its database, and how its code is cut out
    "the guide's phase 2": ("guide2", guide.cut_phase2),
    "the guide's phase 6": ("guide6", guide.cut_phase6),
}


@dataclass(frozen=True)
class Subject:
    """A server that is measured."""

    server: Server
    rows: Callable[[], int] | None = None  # how many rows its database has, if it has one


def ours(name: str, own: dict[str, str], postgres: Any) -> Subject:
    """One of our phases: `phase 4 + log` is phase 4 with the database."""
    phase, _, log = name.partition(" + ")
    # phase 0 has uvicorn's access log, which its measurements leave out
    options = ["--no-access-log"] if phase == "phase 0" else []
    command = uvicorn(sys.executable, "sentiment.api:app", *options)
    folder = PHASES / phase.replace(" ", "")
    if not log:
        return Subject(Server(command, folder, own))
    environment = {**own, **postgres.environment("ml_api")}
    return Subject(Server(command, folder, environment), partial(database.count, postgres))


def guides(brief: Path, folder: Path, postgres: Any) -> dict[str, Subject]:
    """Phases 0, 2 and 6 of the guide, each trained, in an environment with its own versions."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    python = guide.prepare(guide.cut, brief, folder / "guide0")
    command = uvicorn(python, "src.api.main:app")
    found = {GUIDE: Subject(Server(command, folder / "guide0", environment))}
    for name, (base, cut) in GUIDES.items():
        python = guide.prepare(cut, brief, folder / base)
        own = {**environment, "DATABASE_URL": database.guides(postgres, base)}
        postgres.ask(f"SET ROLE {database.OWNER}; {guide.TABLE}", database=base)
        server = Server(uvicorn(python, "src.api.main:app"), folder / base, own)
        found[name] = Subject(server, partial(database.count, postgres, base))
    return found


def peers(own: dict[str, str], folder: Path) -> dict[str, Subject]:
    """Our model behind other servers, one text a call, and with the batches that they make."""
    # phase 4's package, for its model; what they write for themselves goes to a folder that goes
    environment = {
        **own,
        "PYTHONPATH": os.pathsep.join([str(PHASES / "phase4"), str(ADAPTERS)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "BENTOML_HOME": str(folder / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "True",
    }
    folder.mkdir()

    def python(name: str) -> Path:
        return environments.install(name, _lock(name))

    def bentoml(service: str, question: Callable[[str], object]) -> Server:
        command = [str(python("BentoML")), "-m", "bentoml", "serve", f"bentoml_service:{service}"]
        command += ["--host", "127.0.0.1", "--port"]
        return Server(command, folder, environment, health="/readyz", question=question)

    def litserve(*options: str) -> Server:
        command = [str(python("LitServe")), str(ADAPTERS / "litserve_server.py"), *options]
        return Server(command, folder, environment)

    def mlserver(*options: str) -> Server:
        command = [str(python("MLServer")), str(ADAPTERS / "mlserver_runtime.py"), *options]
        model = "/v2/models/sentiment"
        return Server(
            command,
            folder,
            environment,
            path=f"{model}/infer",
            health=f"{model}/ready",
            question=as_tensor,
        )

    servers = {
        "BentoML": bentoml("Plain", lambda text: {"text": text}),
        "BentoML, batching": bentoml("Batching", lambda text: {"texts": [text]}),
        "LitServe": litserve(),
        "LitServe, batching": litserve("--batching"),
        "MLServer": mlserver(),
        "MLServer, batching": mlserver("--batching"),
    }
    return {name: Subject(server) for name, server in servers.items()}


def peer_version(name: str) -> str:
    """The version of a server that is measured, as its lock has it."""
    found = re.search(rf"^{name.lower()}==(\S+)", _lock(name), re.MULTILINE)
    return found[1] if found else "?"


def _lock(name: str) -> str:
    return (ADAPTERS / f"{name.lower()}.lock").read_text(encoding="utf-8")


def as_tensor(text: str) -> object:
    """A question in the form of the V2 inference protocol."""
    return {"inputs": [{"name": "text", "shape": [1, 1], "datatype": "BYTES", "data": [text]}]}


@contextmanager
def prepared(
    names: list[str], brief: Path | None, folder: Path
) -> Iterator[tuple[dict[str, Subject], dict[str, str], Any]]:
    """Everything that is to be measured, the environment of our own, and the database."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("SENTIMENT_")}
    own["SENTIMENT_MODEL_DIR"] = str(folder / "model")
    print("training our model", flush=True)
    database.run("sentiment.train", PHASES / "phase4", own)
    with ExitStack() as stack:
        postgres = stack.enter_context(database.postgres(folder / "database"))
        database.migrate(postgres)
        found = {name: ours(name, own, postgres) for name in OURS}
        if brief:
            found |= guides(brief, folder, postgres)
        if not names or set(names) - set(found):
            found |= peers(own, folder / "peers")
        yield {name: found[name] for name in names or found}, own, postgres

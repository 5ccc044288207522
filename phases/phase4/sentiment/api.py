"""The API: `POST /predict` answers for one text, `GET /predictions` shows what was answered,
`GET /health` says that the process works, and `GET /ready` that it can answer."""

import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StringConstraints

from sentiment import logs, model
from sentiment.batching import Batcher
from sentiment.history import Away, Filter, History, Page
from sentiment.limits import BodyLimit
from sentiment.logs import RequestLog
from sentiment.prediction_log import OFF, LogState, PredictionLog
from sentiment.settings import get_settings

settings = get_settings()
logs.configure(settings.log_level)
logger = logging.getLogger(__name__)

# A character that is neither space nor control nor format: a text without one has no words, so that
# any label for it would be made up.
VISIBLE = (
    r"[^\s\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u2800\u3164\uffa0\ufeff]"
)


class Question(BaseModel):
    """A text to judge."""

    text: Annotated[
        str,
        StringConstraints(min_length=1, max_length=settings.max_characters, pattern=VISIBLE),
        Field(examples=["The battery lasts all week and the sound is superb."]),
    ]


class Answer(BaseModel):
    """What the model says of the text."""

    label: str = Field(examples=["positive"], description="negative or positive")
    confidence: float = Field(ge=0.5, le=1, description="the model's probability of its label")
    known_words: int = Field(
        ge=0,
        description="words and word pairs of the text that the model knows; with 0 of them, "
        "the answer is only the starting point that all texts share",
    )
    model_version: str = Field(examples=["2026-11-23.1"])


class Health(BaseModel):
    """The process works, and this is the model that it answers with."""

    status: Literal["ok"] = "ok"
    model_version: str = Field(examples=["2026-11-23.1"])


class Details(Health):
    """The same, and how the prediction log is doing, which changes nothing about the process."""

    log: LogState


class Refusal(BaseModel):
    """Why a request was not answered."""

    detail: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the model once, before the first request; a model that cannot be trusted stops here."""
    app.state.model = trained = model.load(settings.model_dir)
    app.state.batcher = Batcher(trained, settings)
    gc.freeze()  # what is here by now stays: the garbage collector need not look through it again
    app.state.log = app.state.history = None
    if settings.database_host is None:
        yield
        return
    app.state.log = log = PredictionLog(settings)
    app.state.history = history = History(settings)
    yield
    log.close()
    history.close()


app = FastAPI(title="sentiment", version="1", lifespan=lifespan)
# A character takes at most 12 bytes in JSON (two \uXXXX escapes).
app.add_middleware(BodyLimit, max_bytes=12 * settings.max_characters + 1_024)
app.add_middleware(RequestLog)  # added last, so outermost: it sees what the others refuse

PATTERNS = {  # what does not match one, in words
    "text": "is blank: any label would be made up",
    "before": "is not the `next` of a page",
}


@app.exception_handler(RequestValidationError)
async def refuse(request: Request, error: RequestValidationError) -> JSONResponse:
    """Say what is wrong in a sentence. The text is not sent back: it may be large or private, and
    half of a surrogate pair could not be encoded at all."""
    first = error.errors()[0]
    # where JSON itself ends, the place is a position and not a field
    inside = [] if first["type"] == "json_invalid" else first["loc"]
    where = ".".join(str(part) for part in inside if part != "body") or "body"
    if first["type"] == "model_attributes_type":
        first["msg"] = "is not a JSON object, sent as application/json"
    is_pattern = first["type"] == "string_pattern_mismatch"
    what = PATTERNS[first["loc"][-1]] if is_pattern else first["msg"]
    return JSONResponse({"detail": f"{where}: {what}"}, status_code=422)


REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal, "description": "the body cannot be parsed"},
    413: {"model": Refusal, "description": "the body is too large"},
    422: {"model": Refusal, "description": "the body is not a question that can be answered"},
}


# async, so that those who wait together are judged together, in the event loop.
@app.post("/predict", responses=REFUSALS)
async def predict(question: Question, request: Request) -> Answer:
    """Say whether a text is positive or negative, and how sure the model is."""
    answer = await judge(question, request)
    log: PredictionLog | None = request.app.state.log
    if log is not None:
        log.add(question.text, request_id=logs.request_id.get() or "", **vars(answer))
    return answer


async def judge(question: Question, request: Request) -> Answer:
    batcher: Batcher = request.app.state.batcher
    judgement = await batcher.judge(question.text)
    return Answer(**judgement._asdict(), model_version=batcher.model.manifest.version)


# Not async: it waits for the database, in a thread, so that no prediction waits with it.
@app.get(
    "/predictions",
    responses={
        422: {"model": Refusal, "description": "a filter is none"},
        503: {"model": Refusal, "description": "the database does not answer"},
    },
)
def predictions(wanted: Annotated[Filter, Query()], request: Request) -> Page:
    """What was answered, the newest first; `next` of a page is `before` of the one that follows."""
    history: History | None = request.app.state.history
    if history is None:
        raise HTTPException(503, "no database is set, so that nothing is recorded")
    try:
        return history.page(wanted)
    except Away as error:
        logger.warning("no history", extra={"fields": {"reason": str(error)}})
        raise HTTPException(
            503, "the database does not answer; predictions go on, and are recorded later"
        ) from error


@app.get("/health")
async def health(request: Request) -> Details:
    """Answer as long as the process works."""
    log: PredictionLog | None = request.app.state.log
    return Details(
        model_version=request.app.state.model.manifest.version, log=log.state() if log else OFF
    )


EASY = Question.model_construct(text="It is good.")  # whatever the limits are set to


@app.get("/ready", responses={503: {"model": Refusal, "description": "it cannot answer"}})
async def ready(request: Request) -> Health:
    """Answer as long as a question would be answered: one is asked."""
    try:
        await judge(EASY, request)
    except Exception as error:  # whatever it is, callers are better off with another replica
        logger.exception("not ready")
        raise HTTPException(503, "the model cannot judge a text; the log says why") from error
    return Health(model_version=request.app.state.model.manifest.version)

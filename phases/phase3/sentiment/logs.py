"""Logs as JSON lines on stdout: one line a request, and in every line the id of its request.

A container has no log file. The cluster collects what the process writes to stdout, line by line,
so that a traceback must be one line too.
"""

import json
import logging
import logging.config
import re
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from uuid import uuid4

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = b"x-request-id"
# What a caller sends ends up in the log, so that only a plain token is taken.
TOKEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# A container engine cuts lines at 16 KB, and half a line is not JSON.
LONGEST_PATH = 200
# The cluster asks these all day, and their answers would hide all others.
PROBES = ("/health", "/ready")

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
logger = logging.getLogger(__name__)


class JsonLines(logging.Formatter):
    """A log record as one line of JSON; `extra={"fields": {...}}` adds fields to it."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure(level: str) -> None:
    """Send all logs to stdout, those of uvicorn too; its line a request is replaced by ours."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": JsonLines}},
            "handlers": {
                "stdout": {
                    "class": "logging.StreamHandler",
                    "stream": "ext://sys.stdout",
                    "formatter": "json",
                }
            },
            "root": {"level": level, "handlers": ["stdout"]},
            "loggers": {
                "uvicorn": {"level": level, "handlers": [], "propagate": True},
                "uvicorn.error": {"level": level},
                "uvicorn.access": {"handlers": [], "propagate": False},
            },
        }
    )


class RequestLog:
    """ASGI middleware: gives a request its id, logs it when it is over, answers 500 if it crashed.

    The id is the caller's `X-Request-ID` if that is a plain token, else a new one; the answer
    carries it. Nothing of the body is logged: texts are private.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        sent = dict(scope["headers"]).get(HEADER, b"")
        name = sent.decode() if TOKEN.fullmatch(sent) else uuid4().hex
        request_id.set(name)  # each request is a task with a context of its own
        status: int | None = None  # stays None if the caller left before an answer
        start = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), (HEADER, name.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            logger.exception("a request crashed")
            if status is None:
                detail = "the server has failed; its log has the reason under this X-Request-ID"
                crash = JSONResponse({"detail": detail}, status_code=500)
                await crash(scope, receive, send_with_id)
        finally:
            probe = scope["path"] in PROBES and status == 200
            fields = {
                "method": scope["method"],
                "path": scope["path"][:LONGEST_PATH],
                "status": status,
                "milliseconds": round(1_000 * (time.perf_counter() - start), 2),
            }
            level = logging.DEBUG if probe else logging.INFO
            logger.log(level, "request", extra={"fields": fields})

"""Let azure-cli's own commands build the requests of `az` lines. No request leaves this process.

Runs in the environment of tests/azure/azure-cli.lock: `python -m az.build`. The validators and the
handler of each command run as they do for a learner; only the HTTP transport is ours.
stdin: JSON, the names of group and registry, and a list of lines, each with its words, the
files that it reads, and its own file. The lines of a file see what those before them created.
stdout: JSON, for each line the requests that it sent, what stopped it, or null, and what is wrong
with the bodies.
"""

import io
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from http import HTTPStatus
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

from az.arm import IDENTITY, Azure, id_of
from az.offline import NOT_KNOWN, SETTINGS, SUBSCRIPTION, new_cli
from az.schema import faults
from workbook.site.az_requests import kind_of

USER = f"GROUP/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{NOT_KNOWN}"
VALUES = {  # what stands for an unknown value of these options, as their validators look at it
    "--assignee-object-id": IDENTITY,
    "--end-date": "2026-01-31",
    "--end-ip-address": "192.0.2.1",
    "--file": "kubeconfig",
    "--ids": f"GROUP/providers/Microsoft.Network/publicIPAddresses/{NOT_KNOWN}",
    "--location": "westeurope",
    "--registry-identity": USER,
    "--scope": f"GROUP/providers/Microsoft.ContainerRegistry/registries/{NOT_KNOWN}",
    "--start-date": "2026-01-01",
    "--start-ip-address": "192.0.2.1",
    "--user-assigned": USER,
}
RANDOM = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9a-f])")


def built(azure: Azure, words: list[str]) -> dict[str, Any]:
    """The requests that a line sends, and what stops it, if anything does."""
    words = with_values(words, azure.group)
    requests: list[dict[str, Any]] = []
    unanswered: list[str] = []  # a command may go on all the same
    azure.creating = created_by(words)
    cli = new_cli()
    with transport(azure, requests, unanswered):
        problem = run(cli, words) or next(iter(unanswered), None)
    if problem and NOT_KNOWN in problem and NOT_KNOWN in words and not requests:
        return built(azure, ["1" if word == NOT_KNOWN else word for word in words])  # a number
    return {"requests": requests, "problem": problem, "faults": faults_of(requests)}


def faults_of(requests: list[dict[str, Any]]) -> list[str]:
    """What is wrong with the bodies of requests, by the models that azure-cli carries."""
    bodies = [(kind_of(request), request["body"]) for request in requests if "body" in request]
    return [f"{kind}: {fault}" for kind, body in bodies for fault in faults(kind, body)]


def with_values(words: list[str], group: str) -> list[str]:
    """The words, with a value that a validator accepts where only a run could tell it."""
    found = [*words]
    for index, option in enumerate(words[:-1]):
        value = words[index + 1]
        if value == NOT_KNOWN and option in VALUES:
            found[index + 1] = VALUES[option].replace("GROUP", id_of(group))
        elif option == "--url" and value.startswith(NOT_KNOWN):
            found[index + 1] = value.replace(NOT_KNOWN, id_of(group), 1)
    return found


def created_by(words: list[str]) -> str | None:
    """The name of what a line creates, if it does."""
    options = dict(pairwise(words))
    return options.get("--name", options.get("-n")) if "create" in words else None


def run(cli: Any, words: list[str]) -> str | None:
    """Run a command of azure-cli; what went wrong, in its words."""
    said = io.StringIO()
    cli.invocation = cli.invocation_cls(
        cli_ctx=cli,
        parser_cls=cli.parser_cls,
        commands_loader_cls=cli.commands_loader_cls,
        help_cls=cli.help_cls,
    )
    with redirect_stdout(io.StringIO()), redirect_stderr(said):
        try:
            cli.invocation.execute(words)
        except SystemExit as ended:
            if ended.code:
                return said.getvalue() or f"azure-cli ended with status {ended.code}"
        except Exception as problem:
            return f"{type(problem).__name__}: {problem}"
    if extension := cli.invocation.data.get("command_extension_name"):
        return f"the code of the extension {extension} is not here"
    return None


@contextmanager
def transport(
    azure: Azure, requests: list[dict[str, Any]], unanswered: list[str]
) -> Iterator[None]:
    """Let Azure's stand-in answer each HTTP request, and record the request."""

    def send(_: HTTPAdapter, request: PreparedRequest, **__: object) -> Response:
        body = body_of(request)
        sent = record(request, body)
        if sent not in requests:  # it may ask again until something is there
            requests.append(sent)
        try:
            answer = azure.answer(request.method or "", request.url or "", body)
        except NotImplementedError as error:
            unanswered.append(str(error))
            raise
        headers = {"Content-Type": "application/json", **answer.headers}
        content = b"" if answer.body is None else json.dumps(answer.body).encode()
        response = Response()
        response.status_code = answer.status
        response.reason = HTTPStatus(answer.status).phrase
        response.headers = CaseInsensitiveDict(headers)
        response.request = request
        response.url = request.url or ""
        response.raw = HTTPResponse(
            io.BytesIO(content), headers, answer.status, preload_content=False
        )
        return response

    real, HTTPAdapter.send = HTTPAdapter.send, send  # type: ignore[method-assign]
    try:
        yield
    finally:
        HTTPAdapter.send = real  # type: ignore[method-assign]


def body_of(request: PreparedRequest) -> Any:
    """The JSON that a request carries; None where it carries something else, or nothing."""
    if "json" not in request.headers.get("Content-Type", "") or not request.body:
        return None
    sent = json.loads(request.body)
    return json.loads(json.dumps(sent, sort_keys=True))  # some clients send it in any order


def record(request: PreparedRequest, body: Any) -> dict[str, Any]:
    """What is kept of a request: no header, no token, and no name that is random."""
    url = unquote(request.url or "").removeprefix("https://management.azure.com")
    kept = {"method": request.method, "url": url} | ({} if body is None else {"body": body})
    text = json.dumps(kept).replace(SUBSCRIPTION, "{subscription}")
    return dict(json.loads(RANDOM.sub("{random}", text)))


def main() -> None:
    asked = json.load(sys.stdin)
    work = SETTINGS / "work"
    work.mkdir()
    os.chdir(work)
    Path("Dockerfile").touch()  # of the images that a line builds
    docker = SETTINGS / "docker"  # `az acr login` runs it: this one does nothing
    docker.write_text("#!/bin/sh\n")
    docker.chmod(0o755)
    os.environ["DOCKER_COMMAND"] = str(docker)
    time.sleep = lambda _: None  # the stand-in is never busy
    answers = []
    for _, of_a_file in groupby(asked["lines"], key=lambda line: line["file"]):
        azure = Azure(asked["group"], asked["registry"])
        for line in of_a_file:
            for path, content in line["reads"].items():
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).write_text(content)
            answers.append(built(azure, line["words"]))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()

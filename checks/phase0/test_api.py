"""The API of phase 0: it answers, it refuses, and with the model that was trained last."""

import json
from typing import Any

from checks.phase0 import test_model
from checks.phase0.conftest import START
from checks.phase0.oracle import Oracle
from workbook.checks.api import Api
from workbook.checks.check import check
from workbook.learner.choices import Choices
from workbook.outcome import Wrong

CODE = "git diff phases/phase0/sentiment/api.py"
SENTENCES = (
    "What a wonderful film, I loved every minute.",
    "The worst service that I have ever had.",
    "Great sound, great price, great little radio.",
    "It broke after two days and nobody answers.",
    "Thank you all, this made me very happy.",
    "A dull and stupid plot with awful dialogue.",
    "The best coffee in town and a lovely staff.",
    "Too slow, too loud, too expensive.",
    "Beautiful pictures and an excellent story.",
    "I hate it and I want my money back.",
)
REFUSED = (  # what is sent, in words and as it is
    ("an empty text", b'{"text": ""}'),
    ("a blank text", b'{"text": " \\t\\n "}'),
    ("a text of 5,001 characters", json.dumps({"text": "good " * 1000 + "!"}).encode()),
    ("a number for a text", b'{"text": 5}'),
    ("no text at all", b"{}"),
    ("half of a surrogate pair", b'{"text": "\\ud800"}'),
    ("a body that is not UTF-8", b'{"text": "caf\xe9"}'),
    ("a body that is not JSON", b"This is great!"),
)


@check(read="phases/phase0/README.md#serve-it")
def test_api_predicts(api: Api, choices: Choices) -> str:
    """API returns predictions"""
    confidences = set()
    for sentence in SENTENCES:
        response = api.predict(sentence)
        try:
            answer = response.json()
            good = answer["label"] in ("negative", "positive") and answer["model_version"]
            confidences.add(confidence := float(answer["confidence"]))
            good = response.status_code == 200 and good and 0.5 <= confidence <= 1
        except (ValueError, KeyError, TypeError):
            good = False
        if not good:
            from workbook.learner.background import holder_of  # needs more than a fresh clone has

            holder = holder_of(choices.port)
            raise Wrong(
                expected='POST /predict answers 200 and {"label": …, "confidence": …, '
                '"model_version": …}',
                found=f"{response.status_code} {_short(response.text)}",
                why="another program holds the port, or the code of the API has changed"
                + (f". The port is held by {holder}" if holder else ""),
                run_next="./workbook doctor 0",
            )
    if len(confidences) == 1:
        raise Wrong(
            expected="answers that depend on the text",
            found=f"the confidence {confidences.pop()} for each of {len(SENTENCES)} sentences",
            why="the API does not ask the model, or the model knows no word of these sentences",
            run_next=CODE,
        )
    return f"{len(SENTENCES)} sentences answered at {api.address}"


@check(read="phases/phase0/README.md#what-the-api-refuses", after=test_api_predicts)
def test_api_refuses(api: Api) -> str:
    """API refuses what it cannot judge"""
    for what, body in REFUSED:
        response = api.post("/predict", body)
        if response.status_code not in (400, 422):
            raise Wrong(
                expected=f"POST /predict answers 422 (or 400) to {what}",
                found=f"{response.status_code} {_short(response.text)}",
                why="a 500 reports the caller's mistake as a fault of the API"
                if response.status_code >= 500
                else "the model has nothing to judge in it, so any label is a guess",
                run_next=CODE,
            )
    return f"{len(REFUSED)} bad requests refused"


@check(
    read="phases/phase0/README.md#serve-it",
    after=(test_model.test_model_file_is_unchanged, test_api_predicts),
)
def test_api_serves_last_model(api: Api, manifest: dict[str, Any], oracle: Oracle) -> str:
    """API serves the model that was trained last"""
    answered = api.predict(SENTENCES[0]).json()["model_version"]
    if answered != manifest["version"]:
        raise Wrong(
            expected=f"answers from model {manifest['version']}, the one in model/",
            found=f"answers from model {answered}",
            why="a process keeps the model that it loaded when it started. This process started "
            "before the last training",
            run_next=f"end it (Ctrl-C where it runs, or ./workbook stop), then {START}",
        )
    oracle.refuse_at(api, CODE)
    return f"model {answered}, as {len(oracle.sentences)} new sentences show"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:120]}…"

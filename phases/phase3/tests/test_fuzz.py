import asyncio
import json
import random
import unicodedata
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, example, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from server import wait_until

VISIBLE = set("LMNPS")  # letters, marks, numbers, punctuation, symbols
within = budget(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize(
    ("path", "method", "mode"),
    [
        ("/predict", "POST", schemathesis.GenerationMode.POSITIVE),
        ("/predict", "POST", schemathesis.GenerationMode.NEGATIVE),
        ("/predictions", "GET", schemathesis.GenerationMode.POSITIVE),
        ("/predictions", "GET", schemathesis.GenerationMode.NEGATIVE),
        ("/health", "GET", schemathesis.GenerationMode.POSITIVE),  # takes nothing to get wrong
    ],
)
def test_the_api_does_what_its_documentation_says(
    recording: Any, path: str, method: str, mode: schemathesis.GenerationMode
) -> None:
    from sentiment import api

    documented = schemathesis.openapi.from_asgi("/openapi.json", api.app)

    @given(documented[path][method].as_strategy(generation_mode=mode))
    @budget(within, max_examples=40)
    def is_true(case: schemathesis.Case) -> None:
        case.call_and_validate()

    is_true()


def visible(text: str) -> bool:
    return any(unicodedata.category(character)[0] in VISIBLE for character in text)


def long(text: str) -> st.SearchStrategy[str]:
    """The text again and again, up to 5,000 characters."""
    return st.integers(1, 5_000 // len(text)).map(lambda times: text * times)


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200).filter(visible)


@given(text=texts | texts.flatmap(long), escaped=st.booleans())
@example(text="good" * 1_250, escaped=False)
@within
def test_every_text_with_a_visible_character_is_answered(
    client: Any, text: str, escaped: bool
) -> None:
    answer = client.post(json.dumps({"text": text}, ensure_ascii=escaped).encode())
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["label"] in {"negative", "positive"}
    assert 0.5 <= body["confidence"] <= 1


@given(st.text("swordfish", min_size=2).map(lambda word: f"{word} 𝔰𝔢𝔠𝔯𝔢𝔱"), st.integers(0, 4))
@within
def test_no_refusal_repeats_what_was_sent(client: Any, text: str, way: int) -> None:
    wrong = [{"text": [text]}, {"text": text + "\ud800"}, {"text": text * 5_000}, {text: text}]
    body = json.dumps([*wrong, text][way])
    answer = client.post(body.encode())
    assert answer.status_code in {413, 422}
    assert list(answer.json()) == ["detail"]
    assert "𝔰𝔢𝔠𝔯𝔢𝔱" not in answer.json()["detail"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("text"), inner),
    max_leaves=5,
)


@given(
    anything.map(lambda value: json.dumps(value).encode())
    | anything.map(lambda value: json.dumps({"text": value}).encode())
    | st.binary(max_size=100)
    | st.binary(max_size=20).map(lambda some: b'{"text": "' + some + b'"}')
)
@within
def test_whatever_is_sent_is_answered_or_refused_with_a_sentence(client: Any, body: bytes) -> None:
    answer = client.post(body)
    assert answer.status_code in {200, 400, 422}, answer.text
    if answer.status_code != 200:
        assert isinstance(answer.json()["detail"], str)


ORDINARY = [
    "good",
    "dreadful",
    "the film",
    " ",
    "\t",
    "\r\n",
    "1",
    ".",
    "é",
    "日本",
    "שלום",
    "مرحبا",
]
NASTY = [
    "\x00",
    "\ud800",  # half of a pair
    "\udfff",
    "🙂",
    "𝔤",
    "\u202e",  # from here on from right to left
    "\u0301",
    "\u2028",
    "\ufeff",
    "\uffff",
    "\x7f",
    "\\u0000",
    "\\",
    '"',
    "'",
    "%s %(text)s %%",
    "{0.__class__}",
    "$1",
    "'); DROP TABLE predictions; --",
    "$$; DELETE FROM predictions; $$",
    "\\'; SELECT pg_sleep(10); --",
]


def questions(count: int) -> list[bytes]:
    """Bodies of questions, the same at each run, some of them longer than is allowed."""
    chance = random.Random(0)
    bodies = []
    for _ in range(count):
        pieces = chance.choices([*ORDINARY, *NASTY], k=chance.randint(1, 8))
        text = "".join(pieces)
        if chance.random() < 0.05:
            text = (text * 5_000)[: chance.choice([4_999, 5_000, 5_001])]
        escaped = chance.random() < 0.5
        body = json.dumps({"text": text}, ensure_ascii=escaped)
        bodies.append(body.encode(errors="surrogatepass"))
    return bodies


def test_of_10000_nasty_texts_none_fails_and_every_accepted_one_is_recorded_unchanged(
    recording: Any, server: Any
) -> None:
    headers = {"Content-Type": "application/json"}

    async def ask(bodies: list[bytes]) -> list[httpx.Response]:
        asked = (recording.http.post("/predict", content=body, headers=headers) for body in bodies)
        return list(await asyncio.gather(*asked))

    accepted = {}
    bodies = questions(10_000)
    for start in range(0, len(bodies), 64):
        some = bodies[start : start + 64]
        for body, answer in zip(some, recording.runner.run(ask(some)), strict=True):
            assert answer.status_code in {200, 400, 422}, body
            if answer.status_code == 200:
                accepted[answer.headers["X-Request-ID"]] = json.loads(body)["text"]
    assert 1_000 < len(accepted) < 9_900, "both are tried: what is taken, and what is refused"
    wait_until(lambda: server.ask("SELECT count(*) FROM predictions") == [(len(accepted),)])
    assert dict(server.ask("SELECT request_id, text FROM predictions")) == accepted

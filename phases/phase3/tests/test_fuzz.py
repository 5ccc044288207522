import json
import unicodedata
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, example, given
from hypothesis import settings as budget
from hypothesis import strategies as st

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

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from sentiment import model
from sentiment.settings import Settings

Run = Callable[..., subprocess.CompletedProcess[str]]
SECRET = "swordfish"


def assert_refused(answer: httpx.Response, *statuses: int) -> str:
    """It says why in a sentence, and in nothing else."""
    assert answer.status_code in statuses, answer.text
    body = answer.json()
    assert list(body) == ["detail"]
    assert isinstance(body["detail"], str)
    assert " " in body["detail"]
    assert SECRET not in answer.text
    return str(body["detail"])


def test_an_answer_has_label_confidence_known_words_and_the_models_version(client: Any) -> None:
    answer = client.ask("the film is superb")
    assert answer.status_code == 200
    body = answer.json()
    assert list(body) == ["label", "confidence", "known_words", "model_version"]
    assert body["label"] == "positive"
    assert 0.5 < body["confidence"] < 1
    # the, film, is, superb; film is, is superb (the two other pairs occur once)
    assert body["known_words"] == 6
    assert body["model_version"] == client.manifest.version


@pytest.mark.parametrize("text", ["this film is superb", "this film is awful", "日本"])
def test_the_answer_is_the_models(client: Any, pipeline: Any, text: str) -> None:
    [probabilities] = pipeline.predict_proba([text])
    answer = client.ask(text).json()
    assert answer["label"] == pipeline.predict([text])[0]
    assert answer["confidence"] == pytest.approx(max(probabilities))


def test_a_text_of_unknown_words_is_answered_with_no_known_words(client: Any) -> None:
    answer = client.ask("日本 🙂")
    assert answer.status_code == 200
    assert answer.json()["known_words"] == 0


def test_health_says_ok_and_which_model_answers(client: Any) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("log")["state"] == "off"
    assert body == {"status": "ok", "model_version": client.manifest.version}


def test_the_documentation_has_an_example_that_is_answered(client: Any) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    [example] = schemas["Question"]["properties"]["text"]["examples"]
    assert client.ask(example).status_code == 200


def test_the_documentation_names_every_refusal(client: Any) -> None:
    responses = client.get("/openapi.json").json()["paths"]["/predict"]["post"]["responses"]
    assert set(responses) == {"200", "400", "413", "422"}


def test_the_api_does_not_start_without_a_model_and_says_what_to_run(
    run: Run, tmp_path: Path
) -> None:
    done = run("uvicorn", "sentiment.api:app", "--port", "0", SENTIMENT_MODEL_DIR=str(tmp_path))
    assert done.returncode != 0
    assert f"there is no model in {tmp_path}. Run: {model.TRAIN}" in done.stdout + done.stderr


def test_the_api_does_not_start_with_a_model_that_was_replaced(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentiment import api

    [artefact] = kept.glob("*.joblib")
    artefact.write_bytes(b"another file")
    monkeypatch.setattr(api, "settings", Settings(model_dir=kept))
    with pytest.raises(model.ModelReplaced):
        asyncio.run(api.app.router.lifespan_context(api.app).__aenter__())


# What is too long


@pytest.mark.parametrize("character", ["a", "é", "日", "🙂", "\\", "\x01"])
@pytest.mark.parametrize("escaped", [True, False])
def test_5000_characters_are_accepted_and_5001_refused(
    client: Any, character: str, escaped: bool
) -> None:
    def ask(count: int) -> httpx.Response:
        text = "." + character * (count - 1)  # visible, whatever the character
        return client.post(json.dumps({"text": text}, ensure_ascii=escaped).encode())

    assert ask(5_000).status_code == 200
    assert "5000 characters" in assert_refused(ask(5_001), 422)


def test_a_body_far_over_the_limit_is_answered_with_413_and_not_read_to_its_end(
    client: Any,
) -> None:
    chunk, chunks, read = b"x" * 65_536, 320, 0  # 20 MB, with no Content-Length

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        yield b'{"text": "'
        for _ in range(chunks):
            read += 1
            yield chunk
        yield b'"}'

    assert_refused(client.post(body()), 413)
    assert read <= 2


# What has no visible character

BLANK = ["", " ", "\n\t\r ", "\u00a0", "\u2003\u3000", "\u2028\u2029", "\x85", "\u1680\u205f"]
INVISIBLE = ["\x1c", "\x00", "\x1b\x07", "\u200b", "\ufeff", "\u2060", "\u00ad", "\u200e \u200d"]


@pytest.mark.parametrize("text", BLANK, ids=ascii)
def test_a_blank_text_is_refused(client: Any, text: str) -> None:
    assert_refused(client.ask(text), 422)


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
def test_a_text_of_control_and_format_characters_is_refused_as_blank(
    client: Any, text: str
) -> None:
    assert "blank" in assert_refused(client.ask(text), 422)


@pytest.mark.parametrize("text", ["!", "\u0301", "🙂", "𝔤", "\x00a", " \u200bgood", "٣", "\ue000"])
def test_a_text_with_one_visible_character_is_answered(client: Any, text: str) -> None:
    assert client.ask(text).status_code == 200


def test_a_blank_text_is_told_that_it_is_blank(client: Any) -> None:
    assert "blank" in assert_refused(client.ask("  "), 422)


# What is not a question


@pytest.mark.parametrize(
    "value", [5, 5.5, True, None, [], [SECRET], {}, {"text": SECRET}], ids=json.dumps
)
def test_a_text_that_is_no_string_is_refused(client: Any, value: object) -> None:
    assert assert_refused(client.ask(value), 422).startswith("text: ")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        "5",
        f'"{SECRET}"',
        f'{{"txt": "{SECRET}"}}',
        f'{{"Text": "{SECRET}"}}',
        f'[{{"text": "{SECRET}"}}]',
        f'{{"{SECRET}": 1}}',
    ],
)
def test_a_body_without_a_text_is_refused(client: Any, body: str) -> None:
    assert_refused(client.post(body.encode()), 422)


BROKEN = ["{", '{"text": "swordfish', "swordfish", "{'text': 'swordfish'}", '{"text": "a"} b']


@pytest.mark.parametrize("body", BROKEN)
def test_a_body_that_is_not_json_is_refused(client: Any, body: str) -> None:
    assert_refused(client.post(body.encode()), 422)


@pytest.mark.parametrize("body", BROKEN)
def test_a_body_that_is_not_json_is_told_so_of_the_body(client: Any, body: str) -> None:
    assert assert_refused(client.post(body.encode()), 422).startswith("body: ")


@pytest.mark.parametrize("body", ['{"text": NaN}', '{"text": Infinity}', '{"text": 1e999}'])
def test_a_number_that_is_none_is_refused(client: Any, body: str) -> None:
    assert_refused(client.post(body.encode()), 422)


def test_a_field_that_nobody_asked_for_is_ignored(client: Any) -> None:
    alone = client.ask("this film is superb")
    beside = client.post(b'{"text": "this film is superb", "language": NaN}')
    assert beside.status_code == 200
    assert beside.json() == alone.json()


@pytest.mark.parametrize("body", [b'{"text": "caf\xe9"}', b'{"text": "\xed\xa0\x80"}', b"\xff\xfe"])
def test_a_body_that_is_not_utf8_is_refused(client: Any, body: bytes) -> None:
    assert_refused(client.post(body), 400, 422)


@pytest.mark.parametrize("text", ["\ud800", f"{SECRET} \udfff", "\udc00\ud800"], ids=ascii)
def test_half_a_character_is_refused(client: Any, text: str) -> None:
    assert_refused(client.ask(text), 422)


def test_half_a_character_in_a_name_of_a_field_is_no_fault_of_ours(client: Any) -> None:
    assert_refused(client.post(b'{"\\ud800": "good"}'), 422)


@pytest.mark.parametrize("depth", [20_000, 100_000])
@pytest.mark.parametrize(
    "body",
    ["{opened}", "{opened}{closed}", '{{"text": {opened}{closed}}}', '{{"text": {objects}'],
)
def test_deep_nesting_is_refused(client: Any, depth: int, body: str) -> None:
    text = body.format(opened="[" * depth, closed="]" * depth, objects='{"a":' * depth)
    assert_refused(client.post(text.encode()), 400, 413, 422)


def test_a_number_of_5000_digits_is_refused(client: Any) -> None:
    assert_refused(client.post(b'{"text": ' + b"9" * 5_000 + b"}"), 400, 422)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"]
)
def test_another_content_type_is_refused(client: Any, content_type: str) -> None:
    assert_refused(client.post(f'{{"text": "{SECRET}"}}'.encode(), content_type), 400, 415, 422)


# The settings


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("SENTIMENT_DATA_DIR", "/some/where", "data_dir", Path("/some/where")),
        ("SENTIMENT_MODEL_DIR", "elsewhere", "model_dir", Path("elsewhere")),
        ("SENTIMENT_NEUTRAL_BAND", "0.5", "neutral_band", 0.5),
        ("SENTIMENT_TEST_SHARE", "0.3", "test_share", 0.3),
        ("sentiment_seed", "7", "seed", 7),
        ("SENTIMENT_MAX_CHARACTERS", "10", "max_characters", 10),
    ],
)
def test_the_environment_sets_a_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str, expected: object
) -> None:
    assert getattr(Settings(), field) != expected
    monkeypatch.setenv(name, value)
    assert getattr(Settings(), field) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NEUTRAL_BAND", "-0.1"),
        ("NEUTRAL_BAND", "4"),
        ("NEUTRAL_BAND", "nan"),
        ("TEST_SHARE", "0"),
        ("TEST_SHARE", "1"),
        ("SEED", "-1"),
        ("SEED", "a"),
        ("MAX_CHARACTERS", "0"),
        ("SEED", str(2**32)),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SENTIMENT_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_the_longest_text_that_the_api_accepts_is_a_setting() -> None:
    code = "import json; from sentiment.api import app; print(json.dumps(app.openapi()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(model.__file__).parent.parent,
        env={**os.environ, "SENTIMENT_MAX_CHARACTERS": "10"},
        capture_output=True,
        text=True,
        check=True,
    )
    schema = json.loads(done.stdout)["components"]["schemas"]["Question"]["properties"]["text"]
    assert schema["maxLength"] == 10

import math
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentiment import explain, model
from sentiment.settings import Settings

WORDS = ("good", "bad", "dull", "superb", "the", "battery", "film", "is", "not", "日本", "!", "")


def test_the_parts_of_an_answer_add_up_to_it(small: model.Model) -> None:
    @given(st.lists(st.sampled_from(WORDS)).map(" ".join))
    def parts_add_up(text: str) -> None:
        parts = explain.contributions(small, text)
        score = explain.start(small) + sum(value for _, value in parts)
        [[_, positive]] = small.pipeline.predict_proba([text])
        assert 1 / (1 + math.exp(-score)) == pytest.approx(positive, abs=1e-9)

    parts_add_up()


def test_an_answer_is_made_of_known_words_and_pairs_only(small: model.Model) -> None:
    parts = explain.contributions(small, "The zebra film is superb, is superb")
    assert {word for word, _ in parts} == {"the", "film", "is", "superb", "film is", "is superb"}
    assert [value for _, value in parts] == sorted(value for _, value in parts)


def test_a_text_without_known_words_is_the_starting_point(small: model.Model) -> None:
    assert explain.contributions(small, "日本") == []


def test_the_weights_are_those_of_every_known_word_with_praise_last(small: model.Model) -> None:
    words = explain.weights(small)
    assert {"good", "bad", "the film"} & {word for word, _ in words} == {"good", "bad"}
    assert [weight for _, weight in words] == sorted(weight for _, weight in words)
    assert dict(words)["bad"] < 0 < dict(words)["good"]


def explained(
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *arguments: str,
) -> list[str]:
    monkeypatch.setattr(sys, "argv", ["explain", *arguments])
    kept = model.load(directory)
    monkeypatch.setattr(model, "load", lambda directory: kept)
    explain.main()
    return capsys.readouterr().out.splitlines()


def test_the_command_ends_with_the_probability_that_the_model_gives(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "this film is superb"
    *parts, last = explained(kept, monkeypatch, capsys, text)
    [[_, positive]] = model.load(kept).pipeline.predict_proba([text])
    assert last.endswith(f"probability {positive:.2f}")
    assert any(line.endswith("superb") for line in parts)


@pytest.mark.parametrize(("asked", "shown"), [("1", 1), ("5", 5), ("0", 1), ("-3", 1)])
def test_the_command_shows_as_many_words_as_asked_for(
    kept: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    asked: str,
    shown: int,
) -> None:
    assert len(explained(kept, monkeypatch, capsys, "--top", asked)) == 1 + shown


def test_more_words_than_there_are_shows_all(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = explained(kept, monkeypatch, capsys, "--top", "1000000")
    assert len(lines) == 1 + len(explain.weights(model.load(kept)))


def test_without_a_model_the_command_ends_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["explain", "good"])
    monkeypatch.setattr(explain, "get_settings", lambda: Settings(model_dir=tmp_path))
    with pytest.raises(SystemExit, match=f"there is no model in .*{model.TRAIN}"):
        explain.main()

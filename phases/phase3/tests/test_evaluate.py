from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentiment import data, evaluate, model
from sentiment.settings import Settings


def marks(sources: int, each: int) -> tuple[np.ndarray, list[str]]:
    """Answers of which 3 in 4 sources are wholly right, and the source of each."""
    right = np.repeat([i % 4 != 0 for i in range(sources)], each)
    return right, [f"source {i}" for i in range(sources) for _ in range(each)]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=1))
def test_the_interval_lies_between_0_and_1_and_contains_the_mean(
    answers: list[tuple[bool, int]],
) -> None:
    # each answer three times from three sources, as a sample of one source has no spread at all
    right = np.array([answer for answer, _ in answers] * 3)
    sources = [f"{source}, {copy}" for copy in range(3) for _, source in answers]
    low, high = evaluate.confidence_interval(right, sources)
    assert 0 <= low <= right.mean() + 1e-9
    assert right.mean() - 1e-9 <= high <= 1


def test_the_interval_is_wider_when_as_many_answers_come_from_fewer_sources() -> None:
    few_low, few_high = evaluate.confidence_interval(*marks(sources=20, each=20))
    many_low, many_high = evaluate.confidence_interval(*marks(sources=400, each=1))
    assert few_high - few_low > 2 * (many_high - many_low)


def test_the_interval_of_independent_answers_is_that_of_the_normal_approximation() -> None:
    low, high = evaluate.confidence_interval(*marks(sources=400, each=1))
    half = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert (low, high) == pytest.approx((0.75 - half, 0.75 + half), abs=0.01)


def test_the_same_answers_give_the_same_interval() -> None:
    assert evaluate.confidence_interval(*marks(9, 3)) == evaluate.confidence_interval(*marks(9, 3))


def test_an_answer_is_correct_when_it_is_the_label_of_people(small: model.Model) -> None:
    examples = [
        evaluate.Hard("irony", "positive", "this film is wonderful"),
        evaluate.Hard("irony", "negative", "this film is wonderful"),
        evaluate.Hard("irony", "negative", "this film is awful"),
    ]
    assert evaluate.correct(small.pipeline, examples).tolist() == [True, False, True]


def test_the_baseline_answers_what_is_commonest_in_training_not_in_the_held_out_texts(
    small: model.Model,
) -> None:
    def snippets(*rated: tuple[float, str]) -> list[data.Snippet]:
        return [data.Snippet("tweet", f"tweet {t}", rating, t) for rating, t in rated]

    train = snippets((2, "good"), (2, "superb"), (-2, "bad"))
    test = snippets((2, "wonderful"), (-2, "bad"), (-2, "dull"), (-2, "awful"))
    metrics = evaluate.measure(small.pipeline, data.Split(train, test))
    assert (metrics.accuracy, metrics.baseline) == (1, 0.25)


def test_the_hard_set_has_20_sentences_of_each_kind_with_both_labels() -> None:
    hard = evaluate.hard_set()
    assert Counter(sentence.kind for sentence in hard) == {
        "negation": 20,
        "contrast": 20,
        "irony": 20,
    }
    assert {sentence.label for sentence in hard} == {"negative", "positive"}
    assert all(sentence.text == sentence.text.strip() != "" for sentence in hard)


def test_no_sentence_of_the_hard_set_occurs_twice_or_in_the_training_texts(
    split: data.Split,
) -> None:
    texts = [sentence.text for sentence in evaluate.hard_set()]
    assert len(set(texts)) == len(texts)
    assert not set(texts) & {snippet.text for snippet in split.train}


def test_the_report_shows_the_accuracy_that_training_wrote_down(
    trained_twice: tuple[model.Model, model.Model],
    split: data.Split,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(model, "load", lambda directory: trained_twice[0])
    evaluate.main()
    report = capsys.readouterr().out
    assert f"accuracy {trained_twice[0].manifest.metrics.accuracy:.3f}" in report
    assert f"{len(split.test):,}" in report
    assert [kind for kind in (*data.DOMAINS, "negation", "irony") if kind not in report] == []


def test_texts_that_the_model_was_trained_on_are_not_reported_as_held_out(
    trained_twice: tuple[model.Model, model.Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "load", lambda directory: trained_twice[0])
    monkeypatch.setattr(evaluate, "get_settings", lambda: Settings(seed=1))
    with pytest.raises(SystemExit, match=model.TRAIN):
        evaluate.main()

"""Texts that wait together are judged together, and nobody notices but the processor."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from pydantic import ValidationError
from sentiment import data, model
from sentiment.batching import Batcher
from sentiment.model import Judgement
from sentiment.settings import Settings

within = budget(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
NEVER = 3_600  # a wait that no test sits out


class Scripted:
    """A model that answers with the text itself, fails at bad ones, and writes its batches down."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def judge_all(self, texts: list[str]) -> list[Judgement]:
        self.batches.append(texts)
        if any(text.startswith("bad") for text in texts):
            raise ZeroDivisionError(" ".join(texts))
        return [expected(text) for text in texts]


def expected(text: str) -> Judgement:
    return Judgement(text, 0.75, len(text))


class Clocks:
    """The waits that are set in the running event loop."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.set: list[float] = []
        call_later = loop.call_later

        def noted(seconds: float, *arguments: Any, **more: Any) -> asyncio.TimerHandle:
            self.set.append(seconds)
            return call_later(seconds, *arguments, **more)

        loop.call_later = noted  # type: ignore[method-assign]


def batcher(scripted: Any, texts: int = 64, seconds: float = NEVER) -> Batcher:
    settings: Any = SimpleNamespace(batch_texts=texts, batch_seconds=seconds)
    return Batcher(scripted, settings)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test in an event loop of its own; it fails, rather than hangs, if nobody is judged."""

    async def limited() -> None:
        async with asyncio.timeout(30):
            await test()

    asyncio.run(limited())


def ask(batching: Batcher, *texts: str) -> list[asyncio.Task[Judgement]]:
    """The questions of several callers, which arrive at the same time."""
    return [asyncio.create_task(batching.judge(text)) for text in texts]


async def arrived() -> None:
    """Long enough for whatever is ready to run, and no clock."""
    for _ in range(5):
        await asyncio.sleep(0)


# Together


def test_those_who_arrive_together_are_judged_together_and_each_gets_its_own_answer() -> None:
    async def test() -> None:
        scripted, texts = Scripted(), [f"text {number}" for number in range(50)]
        answers = await asyncio.gather(*ask(batcher(scripted), *texts))
        assert answers == [expected(text) for text in texts]
        assert scripted.batches == [texts], "one batch, in the order of arrival"

    run(test)


texts_of_one_moment = st.lists(st.sampled_from(["a", "b", "c", "bad 1", "bad 2"]), max_size=12)


@given(st.lists(texts_of_one_moment, max_size=8), st.integers(1, 8))
@within
def test_whoever_arrives_when_gets_the_answer_of_being_alone_in_batches_of_limited_size(
    arrivals: list[list[str]], most: int
) -> None:
    async def test() -> None:
        scripted = Scripted()
        batching = batcher(scripted, most, seconds=0.0001)
        tasks = {}
        for texts in arrivals:
            tasks |= dict(zip(ask(batching, *texts), texts, strict=True))
            await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        for task, text in tasks.items():
            if text.startswith("bad"):
                assert str(task.exception()) == text, "the error is its own"
            else:
                assert task.result() == expected(text)
        assert all(len(batch) <= most for batch in scripted.batches)

    run(test)


def test_no_more_texts_wait_than_are_judged_at_once() -> None:
    async def test() -> None:
        scripted = Scripted()
        batching = batcher(scripted, texts=64, seconds=0.001)  # for the 8 that are left
        tasks = ask(batching, *(str(number) for number in range(200)))
        waiting = set()

        def look(task: asyncio.Task[Judgement]) -> None:
            waiting.add(len(batching._waiting))

        for task in tasks:
            task.add_done_callback(look)
        await asyncio.gather(*tasks)
        assert [len(batch) for batch in scripted.batches] == [64, 64, 64, 8]
        assert max(waiting) < 64

    run(test)


# Alone


def test_a_lone_text_is_judged_in_the_next_turn_of_the_loop_and_sets_no_clock() -> None:
    async def test() -> None:
        scripted, clocks = Scripted(), Clocks()
        batching = batcher(scripted)
        for text in ("one", "two", "three"):
            [task] = ask(batching, text)
            turns = 0
            while not task.done():
                await asyncio.sleep(0)
                turns += 1
            assert turns <= 4  # it asks, it is judged, it is woken, it is done
        assert scripted.batches == [["one"], ["two"], ["three"]]
        assert clocks.set == []

    run(test)


def test_a_lone_question_to_the_api_sets_no_clock(client: Any) -> None:
    async def test() -> None:
        clocks = Clocks()
        answer = await client.http.post("/predict", json={"text": "good"})
        assert answer.status_code == 200
        assert (await client.http.get("/ready")).status_code == 200
        assert clocks.set == []

    client.ask("good")  # the batch before is of one
    client.runner.run(test())


# Under load


def test_after_a_batch_of_three_the_first_one_waits_for_two_more_and_not_for_the_clock() -> None:
    async def test() -> None:
        scripted, clocks = Scripted(), Clocks()
        batching = batcher(scripted)
        await asyncio.gather(*ask(batching, "a", "b", "c"))
        tasks = ask(batching, "d")
        await arrived()
        tasks += ask(batching, "e")
        await arrived()
        assert scripted.batches == [["a", "b", "c"]]
        tasks += ask(batching, "f", "g")  # g comes with the third, and is not left behind
        await asyncio.gather(*tasks)
        assert scripted.batches == [["a", "b", "c"], ["d", "e", "f", "g"]]
        assert clocks.set == [NEVER]

    run(test)


def test_who_waits_in_vain_waits_as_long_as_is_set_and_once() -> None:
    async def test() -> None:
        scripted, clocks = Scripted(), Clocks()
        batching = batcher(scripted, seconds=0.001)
        await asyncio.gather(*ask(batching, "a", "b", "c"))
        for text in ("d", "e", "f"):
            assert await batching.judge(text) == expected(text)
        assert scripted.batches == [["a", "b", "c"], ["d"], ["e"], ["f"]]
        assert clocks.set == [0.001]

    run(test)


def test_a_full_batch_waits_for_nothing() -> None:
    async def test() -> None:
        scripted = Scripted()
        batching = batcher(scripted, texts=2)
        for texts in (["a", "b"], ["c", "d"], ["e", "f"]):
            await asyncio.gather(*ask(batching, *texts))
        assert scripted.batches == [["a", "b"], ["c", "d"], ["e", "f"]]

    run(test)


# One that fails


def test_a_text_that_the_model_fails_at_fails_alone() -> None:
    async def test() -> None:
        scripted = Scripted()
        texts = ["good", "bad 1", "better", "bad 2", "best"]
        answers = await asyncio.gather(*ask(batcher(scripted), *texts), return_exceptions=True)
        for text, answer in zip(texts, answers, strict=True):
            if text.startswith("bad"):
                assert isinstance(answer, ZeroDivisionError)
                assert str(answer) == text, "the error is its own"
            else:
                assert answer == expected(text)

    run(test)


def test_of_questions_at_the_same_time_only_the_bad_one_is_answered_with_500(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_all, sizes = model.Model.judge_all, []

    def fail(self: model.Model, texts: list[str]) -> list[Judgement]:
        sizes.append(len(texts))
        if "the bad one" in texts:
            raise ZeroDivisionError("nothing to divide by")
        return judge_all(self, texts)

    monkeypatch.setattr(model.Model, "judge_all", fail)
    texts = ["good", "the bad one", "awful", "superb"]
    answers = at_once(client, texts)
    assert [answer.status_code for answer in answers] == [200, 500, 200, 200]
    assert [answers[i].json()["label"] for i in (0, 2, 3)] == ["positive", "negative", "positive"]
    assert sizes == [4, 1, 1, 1, 1]


def test_a_model_that_gives_too_few_judgements_leaves_nobody_waiting() -> None:
    class Short(Scripted):
        def judge_all(self, texts: list[str]) -> list[Judgement]:
            return super().judge_all(texts)[:-1]

    async def test() -> None:
        answers = await asyncio.gather(*ask(batcher(Short()), "a", "b"), return_exceptions=True)
        assert [type(answer) for answer in answers] == [ValueError, ValueError]

    run(test)


# Callers that leave


@pytest.mark.parametrize("leave", [{0}, {1}, {2}, {0, 1}, {0, 1, 2}], ids=str)
def test_a_caller_that_leaves_takes_nobody_along_and_is_not_judged(leave: set[int]) -> None:
    async def test() -> None:
        scripted, texts = Scripted(), ["a", "b", "c"]
        batching = batcher(scripted)
        await asyncio.gather(*ask(batching, *texts, "d"))
        tasks = ask(batching, *texts)  # and one is missing
        await arrived()
        for number in leave:
            tasks[number].cancel()
        await arrived()
        tasks += ask(batching, "d")
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        for number, text in enumerate([*texts, "d"]):
            if number in leave:
                assert isinstance(answers[number], asyncio.CancelledError)
            else:
                assert answers[number] == expected(text)
        stay = [text for number, text in enumerate(texts) if number not in leave]
        assert scripted.batches[1:] == [[*stay, "d"]]

    run(test)


def test_a_batch_that_everybody_has_left_is_not_judged_and_the_next_one_is() -> None:
    async def test() -> None:
        scripted = Scripted()
        batching = batcher(scripted, seconds=0.001)
        await asyncio.gather(*ask(batching, "a", "b"))
        [task] = ask(batching, "c")
        await arrived()
        task.cancel()
        while batching._waiting:
            await asyncio.sleep(0)
        assert await batching.judge("d") == expected("d")
        assert scripted.batches == [["a", "b"], ["d"]]

    run(test)


# The end


def test_the_end_of_the_loop_does_not_wait_for_those_who_wait() -> None:
    async def main() -> asyncio.Task[Judgement]:
        batching = batcher(Scripted())
        await asyncio.gather(*ask(batching, "a", "b"))
        [task] = ask(batching, "c")
        await arrived()
        assert not task.done()
        return task

    assert asyncio.run(main()).cancelled()


# The API


def at_once(client: Any, texts: list[str]) -> list[httpx.Response]:
    async def ask() -> list[httpx.Response]:
        asked = (client.http.post("/predict", json={"text": text}) for text in texts)
        return list(await asyncio.gather(*asked))

    return client.runner.run(ask())  # type: ignore[no-any-return]


visible = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=40)
words = st.lists(st.sampled_from(["good", "bad", "film", "is", "the", "dull"]), min_size=1)


@given(st.lists(visible | words.map(" ".join), min_size=1, max_size=100))
@within
def test_questions_at_the_same_time_get_the_answers_of_one_after_the_other(
    client: Any, texts: list[str]
) -> None:
    together = [answer.json() for answer in at_once(client, texts)]
    assert together == [client.ask(text).json() for text in texts]


def test_what_is_recorded_is_what_was_answered(recording: Any, server: Any) -> None:
    from server import wait_until

    texts = ["good", "awful", "superb film", "dull"] * 25
    answers = at_once(recording, texts)
    query = "SELECT request_id, text, label, confidence, known_words FROM predictions"
    wait_until(lambda: len(server.ask(query)) == 100)
    rows = {row[0]: row[1:] for row in server.ask(query)}
    for text, answer in zip(texts, answers, strict=True):
        body = answer.json()
        row = (text, body["label"], body["confidence"], body["known_words"])
        assert rows[answer.headers["X-Request-ID"]] == row


# The model


@given(st.lists(st.text(max_size=40) | words.map(" ".join), min_size=1, max_size=30))
@within
def test_a_text_is_judged_the_same_alone_and_among_others(
    small: model.Model, texts: list[str]
) -> None:
    assert small.judge_all(texts) == [small.judge(text) for text in texts]


def test_real_texts_are_judged_the_same_alone_and_among_others(
    trained_twice: tuple[model.Model, model.Model], split: data.Split
) -> None:
    trained = trained_twice[0]
    texts = [snippet.text for snippet in split.test[:256]]
    alone = [trained.judge(text) for text in texts]
    for most in (2, 7, 64, 256):
        together = []
        for start in range(0, len(texts), most):
            together += trained.judge_all(texts[start : start + most])
        assert together == alone
    probabilities = trained.pipeline.predict_proba(texts).max(axis=1)
    assert [judgement.confidence for judgement in alone] == pytest.approx(probabilities, abs=1e-12)


# The settings


@pytest.mark.parametrize(
    ("name", "value"),
    [("BATCH_TEXTS", "0"), ("BATCH_SECONDS", "-1"), ("BATCH_SECONDS", "1"), ("BATCH_TEXTS", "x")],
)
def test_a_batch_that_makes_no_sense_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SENTIMENT_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_nobody_waits_longer_than_2_ms_unless_somebody_sets_that() -> None:
    assert json.loads(Settings().model_dump_json(include={"batch_texts", "batch_seconds"})) == {
        "batch_texts": 64,
        "batch_seconds": 0.002,
    }

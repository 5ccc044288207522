"""Micro-batching: texts that wait at the same time are judged together.

Much of what the model does for a text is preparing, which a batch needs once: in a full one, a text
costs less than a tenth of what it does alone. A batch is judged when as many texts wait as were in
the batch before, and after at most `batch_seconds`. So when the API is idle, and the batch before
was one text, a text is judged as soon as those that arrived with it are there: no clock is set, and
nobody waits. Under load the callers that have just been answered ask again, and it is worth waiting
for them. Whoever comes alone after that waits in vain, once.

The model runs in the event loop: a full batch of short texts takes it a millisecond or two, and one
of the longest texts about a tenth of a second, in which nothing else is answered. A thread
would have to share the interpreter with the loop all the same. No more than `batch_texts` ever
wait here, as the one that makes the batch full has it judged. Under overload, requests wait where
they did without batches: in their connections, whose number nothing here bounds.
"""

import asyncio
from typing import NamedTuple

from sentiment.model import Judgement, Model
from sentiment.settings import Settings


class Waiting(NamedTuple):
    """A text, and where its judgement is awaited."""

    text: str
    judgement: asyncio.Future[Judgement]


class Batcher:
    """Judges texts with a model, those that wait together at once."""

    def __init__(self, model: Model, settings: Settings) -> None:
        self.model = model
        self._most = settings.batch_texts
        self._seconds = settings.batch_seconds
        self._waiting: list[Waiting] = []
        self._expected = 1  # texts in the batch before
        self._next: asyncio.Handle | None = None  # when the event loop judges those that wait

    async def judge(self, text: str) -> Judgement:
        """The judgement of one text, or the error that this text caused."""
        loop = asyncio.get_running_loop()
        waiting = Waiting(text, loop.create_future())
        self._waiting.append(waiting)
        count = len(self._waiting)
        if count == self._most:
            self._judge_waiting()
        elif count == self._expected:
            # Not at once, but when the loop has run what is ready: more may arrive with this one.
            self._at(loop.call_soon(self._judge_waiting))
        elif count == 1:
            self._at(loop.call_later(self._seconds, self._judge_waiting))
        return await waiting.judgement

    def _at(self, handle: asyncio.Handle | None) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next = handle

    def _judge_waiting(self) -> None:
        self._at(None)
        batch, self._waiting = self._waiting, []
        self._expected = len(batch)
        there = [one for one in batch if not one.judgement.done()]  # done: the caller has left
        if there:
            self._judge(there)

    def _judge(self, batch: list[Waiting]) -> None:
        try:
            judgements = self.model.judge_all([one.text for one in batch])
            answers = list(zip(batch, judgements, strict=True))
        except Exception as error:  # whatever it is, it is the answer to one text, and to no other
            if len(batch) == 1:
                batch[0].judgement.set_exception(error)
            else:
                for one in batch:
                    self._judge([one])
            return
        for one, judgement in answers:
            one.judgement.set_result(judgement)

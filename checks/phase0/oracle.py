"""The oracle: what the learner's own model says of sentences that are new each time.

An answer counts when it is the model's own, label and confidence. A program that gives one answer
to all, or has another model, does not know these sentences.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.checks.api import Api, ask_phase
from workbook.course.phase import Phase
from workbook.outcome import NotStarted, Wrong

OF_EACH_LABEL = 4
AS_NEAR_AS = 1e-6  # two ways to the same sum differ by less


@dataclass(frozen=True)
class Sentence:
    """A sentence, and what the model says of it."""

    text: str
    label: str
    confidence: float


@dataclass(frozen=True)
class Oracle:
    """What the kept model of a phase says."""

    phase: Phase
    version: str
    sha256: str  # of the model's file
    sentences: tuple[Sentence, ...]

    @property
    def model(self) -> str:
        return f"phases/{self.phase.name}/model, version {self.version}"

    def refuse(
        self, sentence: Sentence, status: int, answer: object, whose: str, look: str
    ) -> None:
        """Refuse an answer that is not the model's.

        Args:
            sentence: what was asked.
            status: of the answer.
            answer: its body, read as JSON, or the text where the body is not JSON.
            whose: who gave it, in words.
            look: the command that a learner runs next.

        Raises:
            Wrong: it is not.
        """
        given: Mapping[str, Any] = answer if isinstance(answer, dict) else {}
        confidence = given.get("confidence")
        is_near = (
            isinstance(confidence, int | float)
            and abs(confidence - sentence.confidence) <= AS_NEAR_AS
        )
        right = (sentence.label, self.version)
        if status == 200 and is_near and (given.get("label"), given.get("model_version")) == right:
            return
        if given.get("model_version", self.version) != self.version:
            why = "this is another model: the image was built before the last training, or pods of "
            why += "an older version still answer"
        elif status != 200:
            why = "the API does not answer as it should, or something else answers in its place"
        else:
            why = "it names your model, and does not answer as the model does: another file under "
            why += "the same version, other code, or a program that only looks like the API"
        raise Wrong(
            expected=f"{whose} to answer {sentence.text!r} as {self.model}: 200, {sentence.label}, "
            f"confidence {sentence.confidence:.6f}",
            found=f"{status} {' '.join(str(answer).split())[:160]}",
            why=why,
            run_next=look,
        )

    def refuse_at(self, api: Api, look: str) -> None:
        """Ask at an address, and refuse answers that are not the model's.

        Raises:
            Wrong: an answer is not.
        """
        for sentence in self.sentences:
            response = api.predict(sentence.text)
            try:
                answer = response.json()
            except ValueError:
                answer = response.text
            self.refuse(sentence, response.status_code, answer, api.address, look)


def oracle_of(phase: Phase) -> Oracle:
    """Let the kept model of a phase judge new sentences.

    Raises:
        NotStarted: the phase has no model.
        Wrong: its code or its model does not work.
    """
    if not (phase.directory / "model").exists():
        raise NotStarted("train the model: ./workbook start does, or the lesson")
    said = ask_phase(phase, Path(__file__).with_name("judge.py"), str(OF_EACH_LABEL))
    sentences = tuple(Sentence(**each) for each in said["sentences"])
    return Oracle(phase, said["version"], said["sha256"], sentences)

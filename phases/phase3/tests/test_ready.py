from typing import Any

import pytest
from sentiment import api, model


def test_ready_says_which_model_answers(client: Any) -> None:
    answer = client.get("/ready")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "model_version": client.manifest.version}


@pytest.mark.parametrize(
    "judgement",
    [ZeroDivisionError("a fault"), model.Judgement("positive", float("nan"), 1)],
    ids=["a fault", "no number"],
)
def test_a_model_that_cannot_judge_is_alive_and_not_ready(
    client: Any, monkeypatch: pytest.MonkeyPatch, judgement: Exception | model.Judgement
) -> None:
    def judge(self: model.Model, text: str) -> model.Judgement:
        if isinstance(judgement, Exception):
            raise judgement
        return judgement

    monkeypatch.setattr(model.Model, "judge", judge)
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.json() == {"detail": "the model cannot judge a text; the log says why"}
    assert client.get("/health").status_code == 200
    monkeypatch.undo()
    assert client.get("/ready").status_code == 200


def test_ready_asks_what_a_caller_may_ask() -> None:
    assert api.Question(text=api.EASY.text) == api.EASY


def test_the_documentation_says_that_it_may_not_be_ready(client: Any) -> None:
    assert set(client.get("/openapi.json").json()["paths"]["/ready"]["get"]["responses"]) == {
        "200",
        "503",
    }

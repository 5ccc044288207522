"""Several questions in one request, and not too many."""

from pathlib import Path

from workbook.exercises.exercise import Attempt, Exercise
from workbook.exercises.python import answers

CASES = {  # by what is sent: whether it is answered, and why; ask.py makes the bodies
    "1 question": (True, "one question is a request as well"),
    "32 questions": (True, "32 questions are allowed"),
    "33 questions": (False, "every question takes time and memory, so a request needs a limit"),
    "no question": (False, "an empty list asks for nothing: tell the caller"),
    "a blank text": (False, "each question has the rules of `Question`: a blank text has no label"),
    "a text of 5,001 characters": (False, "each question has the rules of `Question`"),
    "one text instead of a list": (False, "the field is a list of questions"),
    "no list at all": (False, "a field with a default value may be left out"),
}


def judge(attempt: Attempt) -> str:
    found = answers(attempt, Path(__file__).with_name("ask.py"))
    for what, (is_answered, why) in CASES.items():
        if found[what] != is_answered:
            said = ("refused (422)", "accepted")
            raise attempt.wrong(
                expected=f"{what}: {said[is_answered]}", found=said[found[what]], why=why
            )
    return f"right for {len(CASES)} requests"


EXERCISE = Exercise(
    title="Many questions in one request",
    goal=(
        "Some callers have a list of texts. Write the model of such a request: its field "
        '`questions` has 1 to 32 questions, as `{"questions": [{"text": "Great."}]}`. For each '
        "question, the rules of `Question` hold. FastAPI refuses every other body with 422, as "
        "your model says."
    ),
    file="questions.py",
    minutes=5,
    hints=(
        "A model may be the type of a field in another model. What is a list of them?",
        "`list[Question]` is a list of any length. `Field(...)` of pydantic can limit it.",
        "The limits of a list's length are `min_length` and `max_length`.",
    ),
    judge=judge,
    wrong={
        "no-limit": "so a request needs a limit",
        "texts-without-rules": "a blank text has no label",
        "empty-list": "an empty list asks for nothing",
        "one-too-few": "32 questions are allowed",
    },
)

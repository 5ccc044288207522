"""Ask the learner's model which bodies it accepts; FastAPI answers 422 to the others."""

import json

from pydantic import ValidationError

from workbook.exercises.beside import report, written

QUESTION = {"text": "Great."}
BODIES = {
    "1 question": {"questions": [QUESTION]},
    "32 questions": {"questions": [QUESTION] * 32},
    "33 questions": {"questions": [QUESTION] * 33},
    "no question": {"questions": []},
    "a blank text": {"questions": [QUESTION, {"text": " \u200b"}]},
    "a text of 5,001 characters": {"questions": [{"text": "a" * 5_001}]},
    "one text instead of a list": {"questions": QUESTION},
    "no list at all": {},
}


def is_accepted(body: object) -> bool:
    try:
        Questions.model_validate_json(json.dumps(body))
    except ValidationError:
        return False
    return True


Questions = written("Questions")
report({what: is_accepted(body) for what, body in BODIES.items()})

"""A request with several questions."""

from pydantic import BaseModel, Field
from sentiment.api import Question


class Questions(BaseModel):
    """Several texts to judge at once."""

    questions: list[Question] = Field(max_length=32)

"""A request with several questions."""

from pydantic import BaseModel, Field
from sentiment.api import Question


class Questions(BaseModel):
    """Several texts to judge at once."""

    questions: list[Question] = Field(min_length=1, max_length=31)

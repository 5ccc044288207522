"""A request with several questions."""

from pydantic import BaseModel
from sentiment.api import Question


class Questions(BaseModel):
    """Several texts to judge at once."""

    questions: Question  # this is one; the goal is 1 to 32

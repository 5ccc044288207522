"""A request with several questions."""

from pydantic import BaseModel, Field


class Questions(BaseModel):
    """Several texts to judge at once."""

    questions: list[dict[str, str]] = Field(min_length=1, max_length=32)

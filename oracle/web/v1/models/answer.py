"""What every answer has in common, and refusals."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(frozen=True)


class Error(Answer):
    """Why a request was refused."""

    error: str = Field(description="A full sentence: what is wrong, and what to do.")


class Session(Answer):
    """What a visitor may do."""

    writes: bool = Field(description="Whether studies may be changed.")
    version: str
    token_needed: bool

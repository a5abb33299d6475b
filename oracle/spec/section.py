"""What the sections of a spec share: how they are checked, and the types of their values."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(gt=0, lt=1)]


class Section(BaseModel):
    """A section of the spec. It refuses unknown fields, and cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def distinct(values: list[Any]) -> list[Any]:
    """Return the values if none of them occurs twice.

    Raises:
        ValueError: one of them does.
    """
    if len(set(values)) != len(values):
        raise ValueError("must not name a value twice")
    return values

"""The sections of the spec on how `max_lr` is searched: [search] and [search.max_lr]."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from oracle.spec.search_methods import SEARCH_METHODS
from oracle.spec.section import Positive, Section, distinct

if TYPE_CHECKING:
    MethodName = str
else:  # a spec may name what is in the registry
    MethodName = Literal[*SEARCH_METHODS]


RACING = "racing"
_OF_RACING = frozenset({"budget", "certainty"})


def rounded(value: float, space: float) -> float:
    """Return a candidate with four significant digits, or with as many as its distance to the next, `space`, needs."""
    for digits in range(4, 17):
        short = float(f"{value:.{digits}g}")
        if abs(short - value) < space / 2:
            return short
    return value


class MaxLrSpec(Section):
    """[search.max_lr]: where to look, either `values` or a range."""

    low: Positive = Field(default=0.02, description="smallest candidate, > 0")
    high: Positive = Field(default=1.0, description="largest candidate, > low; a grid may be widened beyond both")
    count: int = Field(default=12, ge=1, description="number of candidates per level, >= 1; a widened grid has more")
    scale: Literal["log", "linear"] = Field(default="log", description="spacing of the candidates")
    values: Annotated[list[Positive], Field(min_length=1), AfterValidator(distinct)] | None = Field(
        default=None, description="list of the candidates, in place of low, high and count"
    )

    @model_validator(mode="after")
    def _either_way(self) -> Self:
        if self.values is not None and self.model_fields_set & {"low", "high", "count"}:
            raise ValueError("give either values, or low, high and count, not both")
        if self.values is None and self.low > self.high:
            raise ValueError(f"low ({self.low}) must not be above high ({self.high})")
        if self.values is None and (self.low == self.high) != (self.count == 1):
            raise ValueError("one candidate needs low equal to high, and more than one needs low below high")
        if self.values is None and (different := len(self.grid())) < self.count:
            raise ValueError(
                f"between low ({self.low}) and high ({self.high}) there are only {different} different numbers, and "
                f"count asks for {self.count}"
            )
        return self

    @model_serializer(mode="wrap")
    def _one_way(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write only the way that was chosen, so that a stored spec can be read again."""
        unused = ("values",) if self.values is None else ("low", "high", "count")
        return {name: value for name, value in dump(self).items() if name not in unused}

    @property
    def budget(self) -> int:
        """Number of candidates per level, before any widening."""
        return self.count if self.values is None else len(self.values)

    def grid(self) -> list[float]:
        """Return the candidates in ascending order.

        Those of a range are rounded, see `rounded`.
        """
        if self.values is not None:
            return sorted(self.values)
        if self.count == 1:
            return [self.low]
        steps = [index / (self.count - 1) for index in range(self.count)]
        if self.scale == "log":
            spaced = [math.exp(math.log(self.low) * (1 - t) + math.log(self.high) * t) for t in steps]
        else:
            spaced = [self.low * (1 - t) + self.high * t for t in steps]
        space = min(after - before for before, after in itertools.pairwise(spaced))
        return sorted({rounded(value, space) for value in spaced})


class SearchSpec(Section):
    """[search]: how max_lr is searched at each level."""

    method: MethodName = Field(default="grid", description="who proposes the candidates")
    max_lr: MaxLrSpec = Field(default_factory=MaxLrSpec)
    widen: int = Field(
        default=4, ge=0, description="how often at most a grid is widened, while its winner is on the edge, >= 0"
    )
    batch: int = Field(
        default=4,
        ge=1,
        description="candidates that a sampler proposes at a time, >= 1; independent of the number of workers",
    )

    budget: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="racing: the most trainings it may take, as a share of the grid's; 1: as many as certainty takes",
    )
    certainty: float = Field(
        default=0.9,
        gt=0.5,
        lt=1,
        description="racing: how certain it must be that a level's winner is as good as the best, between 0.5 and 1",
    )

    @model_validator(mode="after")
    def _only_a_race_has_a_budget(self) -> Self:
        if self.method != RACING and (given := sorted(self.model_fields_set & _OF_RACING)):
            names = " and ".join(given)
            raise ValueError(f'{names} can be given only with method = "{RACING}", and the method is "{self.method}"')
        return self

    @model_serializer(mode="wrap")
    def _of_its_method(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what only a race has, so that an earlier version can read the spec of any other search."""
        unused = set() if self.method == RACING else _OF_RACING
        return {name: value for name, value in dump(self).items() if name not in unused}

    @model_validator(mode="after")
    def _samplers_need_a_range(self) -> Self:
        if SEARCH_METHODS[self.method].needs_range and (
            self.max_lr.values is not None or self.max_lr.low == self.max_lr.high
        ):
            raise ValueError(f'method = "{self.method}" needs max_lr.low below max_lr.high, not values')
        return self

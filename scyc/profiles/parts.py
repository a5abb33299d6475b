"""A cosine over all levels, of which each level has its part."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scyc.errors import InputError


@dataclass(frozen=True)
class CosinePart:
    """The part of half a cosine from `start` to `end`, divided by its first value.

    Attributes:
        start: in [0, 1).
        end: in (start, 1]; at 1 the learning rate is 0.

    Raises:
        InputError: when one of them is outside its range.
    """

    start: float
    end: float

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= 1:
            raise InputError(
                f"A part of a cosine goes from a start of 0 or more to a later end of 1 at most, but it is given "
                f"{self.start!r} and {self.end!r}."
            )

    def __call__(self, progress: float, /) -> float:
        """Return the cosine's factor, 1 at first."""
        return _cosine(self.start + (self.end - self.start) * progress) / _cosine(self.start)


@dataclass(frozen=True)
class CosineParts:
    """Half a cosine over all levels together; see `scyc.OneCosine`, the schedule that goes with it.

    Unlike other profiles it has no place in a spec, since the levels of a study may be extended.

    Attributes:
        levels: number of levels, the dense one included, >= 1.

    Raises:
        InputError: when there is none; and when a level beyond the last is asked for.
    """

    levels: int

    def __post_init__(self) -> None:
        if self.levels < 1:
            raise InputError(f"A cosine over all levels needs at least one, but levels is {self.levels}.")

    def __call__(self, progress: float, /) -> float:
        """Return the factor in the dense network's level."""
        return self.at(0)(progress)

    def at(self, level: int, /) -> CosinePart:
        """Return the profile of pruning level `level`."""
        if not 0 <= level < self.levels:
            raise InputError(f"This cosine has {self.levels} levels, from 0 on, but level {level} is asked for.")
        return CosinePart(level / self.levels, (level + 1) / self.levels)


def _cosine(done: float) -> float:
    return (1 + math.cos(math.pi * done)) / 2

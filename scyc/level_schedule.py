"""What a level schedule is, and the density of a level."""

from __future__ import annotations

import math
from typing import Protocol, runtime_checkable

from scyc.errors import InputError


@runtime_checkable
class LevelSchedule(Protocol):
    """Anything that maps a pruning level to `max_lr`."""

    def __call__(self, level: int, /) -> float:
        """Return `max_lr` (> 0) of pruning level `level` (0 is the dense network)."""
        ...


def density(level: int, p: float) -> float:
    """Return the fraction of prunable weights left at `level`, (1-p)^level.

    Args:
        level: number of prunings done, >= 0.
        p: fraction of the remaining weights pruned per level, 0 < p < 1.

    Raises:
        InputError: when one of them is outside its range.
    """
    check_level(level)
    if not 0 < p < 1:
        raise InputError(f"p is {p}, but the fraction pruned per level lies between 0 and 1.")
    return float((1 - p) ** level)


def check_parameter(owner: str, name: str, value: float, holds: bool, wanted: str) -> None:
    """Check that a schedule's parameter is finite and within its range; raise InputError otherwise."""
    if not (holds and math.isfinite(value)):
        raise InputError(f"{owner} needs {name} to be finite and {wanted}, but it is {value!r}.")


def check_level(level: int) -> None:
    """Check that a pruning level is not negative; raise InputError otherwise."""
    if level < 0:
        raise InputError(f"A pruning level is 0 (dense) or greater, but it is {level}.")

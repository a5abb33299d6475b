"""What a profile is, and the learning rates and momenta that it gives."""

from __future__ import annotations

import math
from typing import Protocol, runtime_checkable

from scyc.errors import InputError


@runtime_checkable
class Profile(Protocol):
    """Anything that maps progress within a level to a multiple of `max_lr`."""

    def __call__(self, progress: float, /) -> float:
        """Return the factor (>= 0) at `progress` in [0, 1]."""
        ...


@runtime_checkable
class MomentumProfile(Protocol):
    """A profile that may set the optimizer's momentum too."""

    def momentum_at(self, progress: float, /) -> float | None:
        """Return the momentum in [0, 1) at `progress` in [0, 1]; None, throughout, to leave it alone."""
        ...


@runtime_checkable
class LevelProfile(Profile, Protocol):
    """A profile that differs from level to level. Called itself, it is that of the dense network."""

    def at(self, level: int, /) -> Profile:
        """Return the profile of pruning level `level` (0 is the dense network)."""
        ...


def learning_rates(profile: Profile, max_lr: float, steps: int) -> list[float]:
    """Return the learning rate of each of the level's `steps` steps."""
    return [max_lr * profile(step / steps) for step in range(steps)]


def momenta(profile: Profile, steps: int) -> list[float] | None:
    """Return the momentum of each of the level's `steps` steps; None where the profile leaves it alone."""
    if not isinstance(profile, MomentumProfile):  # asked once, because asking takes as long as a short training step
        return None
    values = [profile.momentum_at(step / steps) for step in range(steps)]
    given = [value for value in values if value is not None]
    return given if len(given) == len(values) > 0 else None


def momentum_at(profile: Profile, progress: float) -> float | None:
    """Return the momentum at `progress` in [0, 1]; None where the profile leaves it alone."""
    return profile.momentum_at(progress) if isinstance(profile, MomentumProfile) else None


def anneal(start: float, end: float, done: float) -> float:
    """Return the value on half a cosine from `start` to `end` after the fraction `done` of the way."""
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


def check_fraction(name: str, value: float) -> None:
    """Check that the field `name` of a profile is in [0, 1); raise InputError otherwise."""
    if not 0 <= value < 1:
        raise InputError(f"A profile's {name} is a fraction from 0 up to, not including, 1, but it is {value!r}.")


def check_drops(drops: tuple[float, ...]) -> None:
    """Check that a profile's drops are in (0, 1) and ascend; raise InputError otherwise."""
    if not all(0 < drop < 1 for drop in drops) or list(drops) != sorted(drops):
        raise InputError(
            f"A profile's drops are fractions between 0 and 1 in ascending order, but they are {list(drops)}."
        )

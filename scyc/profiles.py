"""Profiles: the learning rate within one level, as a multiple of `max_lr`.

A profile maps progress (the fraction of the level's steps that are done, 0 <= progress < 1) to a factor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from scyc.errors import InputError


@runtime_checkable
class Profile(Protocol):
    """Anything that maps progress within a level to a multiple of `max_lr`."""

    def __call__(self, progress: float, /) -> float:
        """Return the factor (>= 0) at `progress` in [0, 1]."""
        ...


@dataclass(frozen=True)
class ConstantProfile:
    """`max_lr` throughout."""

    def __call__(self, _progress: float, /) -> float:
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class Step:
    """`max_lr`, divided by ten at each drop.

    Attributes:
        drops: progress at which the drops happen, ascending, each in (0, 1).
    """

    drops: tuple[float, ...] = (0.5, 0.75)

    def __post_init__(self) -> None:
        _check_drops(self.drops)

    def __call__(self, progress: float, /) -> float:
        """Return 10^-(number of drops passed)."""
        return float(0.1 ** sum(progress >= drop for drop in self.drops))


@dataclass(frozen=True)
class WarmupStep:
    """Linear warm-up from 0, then `max_lr` divided by ten at each drop: the profile of S-Cyc and SILO.

    The authors' scripts warm up over 20,000 iterations and drop at epochs 25 and 32 of 50 (ResNet-20);
    github.com/Martin1937/SILO, `train()`.

    Attributes:
        warmup: fraction of the level spent warming up, in [0, 1).
        drops: progress at which the drops happen, ascending, each in (0, 1).
    """

    warmup: float = 0.3
    drops: tuple[float, ...] = (0.5, 0.8)

    def __post_init__(self) -> None:
        _check_fraction("warmup", self.warmup)
        _check_drops(self.drops)

    def __call__(self, progress: float, /) -> float:
        """Return the warm-up ramp times the steps."""
        ramp = 1.0 if progress >= self.warmup else progress / self.warmup
        return ramp * Step(self.drops)(progress)


@dataclass(frozen=True)
class Linear:
    """Linear decay to 0, after an optional linear warm-up.

    With warmup = 0.1 it is LLR of Zimmer et al., "How I Learned to Stop Worrying and Love Retraining" (ICLR 2023).
    """

    warmup: float = 0.0

    def __post_init__(self) -> None:
        _check_fraction("warmup", self.warmup)

    def __call__(self, progress: float, /) -> float:
        """Return the ramp up, then the ramp down."""
        if progress < self.warmup:
            return progress / self.warmup
        return (1 - progress) / (1 - self.warmup)


@dataclass(frozen=True)
class Cosine:
    """Cosine decay from `max_lr` to `final * max_lr`, after an optional linear warm-up (Loshchilov & Hutter 2017)."""

    warmup: float = 0.0
    final: float = 0.0

    def __post_init__(self) -> None:
        _check_fraction("warmup", self.warmup)
        _check_fraction("final", self.final)

    def __call__(self, progress: float, /) -> float:
        """Return the ramp up, then half a cosine."""
        if progress < self.warmup:
            return progress / self.warmup
        done = (progress - self.warmup) / (1 - self.warmup)
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * done)) / 2


@dataclass(frozen=True)
class Triangular:
    """Linear up and down again, `cycles` times (Smith 2017, "Cyclical Learning Rates", policy `triangular`)."""

    cycles: int = 1
    base: float = 0.0

    def __post_init__(self) -> None:
        _check_fraction("base", self.base)
        if self.cycles < 1:
            raise InputError(f"A triangular profile needs at least one cycle, but cycles is {self.cycles}.")

    def __call__(self, progress: float, /) -> float:
        """Return the triangle wave, `base` at its feet and 1 at its peaks."""
        phase = (progress * self.cycles) % 1.0
        return self.base + (1 - self.base) * (1 - abs(2 * phase - 1))


@dataclass(frozen=True)
class OneCycle:
    """One-cycle with cosine annealing, as `torch.optim.lr_scheduler.OneCycleLR` shapes the learning rate.

    Smith & Topin 2018. Momentum is left alone.

    Attributes:
        start: fraction of the level spent rising, in (0, 1).
        div: `max_lr` divided by the initial learning rate, >= 1.
        final_div: initial learning rate divided by the final one, >= 1.
    """

    start: float = 0.3
    div: float = 25.0
    final_div: float = 1e4

    def __post_init__(self) -> None:
        _check_fraction("start", self.start)
        if self.start == 0 or not (1 <= self.div < math.inf and 1 <= self.final_div < math.inf):
            raise InputError(
                "A one-cycle profile needs start above 0 and div and final_div of at least 1, "
                f"but they are {self.start}, {self.div} and {self.final_div}."
            )

    def __call__(self, progress: float, /) -> float:
        """Return the rising, then the falling half cosine."""
        initial = 1 / self.div
        if progress < self.start:
            return _anneal(initial, 1.0, progress / self.start)
        return _anneal(1.0, initial / self.final_div, (progress - self.start) / (1 - self.start))


PROFILES: dict[str, type[Profile]] = {
    "constant": ConstantProfile,
    "step": Step,
    "warmup-step": WarmupStep,
    "linear": Linear,
    "cosine": Cosine,
    "triangular": Triangular,
    "one-cycle": OneCycle,
}
"""Every profile by the name a spec gives it."""


def learning_rates(profile: Profile, max_lr: float, steps: int) -> list[float]:
    """Return the learning rate of each of the level's `steps` steps."""
    return [max_lr * profile(step / steps) for step in range(steps)]


def _anneal(start: float, end: float, done: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


def _check_fraction(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise InputError(f"A profile's {name} is a fraction from 0 up to, not including, 1, but it is {value!r}.")


def _check_drops(drops: tuple[float, ...]) -> None:
    if not all(0 < drop < 1 for drop in drops) or list(drops) != sorted(drops):
        raise InputError(
            f"A profile's drops are fractions between 0 and 1 in ascending order, but they are {list(drops)}."
        )

"""Profiles that state their shape outright: constant, steps, decays and waves."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scyc.errors import InputError
from scyc.profiles.profile import check_drops, check_fraction


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
        check_drops(self.drops)

    def __call__(self, progress: float, /) -> float:
        """Return 10^-(number of drops passed)."""
        return float(0.1 ** sum(progress >= drop for drop in self.drops))


@dataclass(frozen=True)
class WarmupStep:
    """Linear warm-up from 0, then `max_lr` divided by ten at each drop: the profile of S-Cyc and SILO.

    The authors' scripts warm up over 20,000 iterations and drop to `max_lr / 10` at epoch 25 and to `max_lr / 100` at
    epoch 32 of 50 (ResNet-20); github.com/Martin1937/SILO, `train()`. But they train on 36,000 images in batches of
    64, 563 iterations an epoch: when the first drop comes, after 14,075 iterations, the warm-up has reached 0.704 of
    `max_lr`, and that is the largest learning rate that they train with. The drops go by the full `max_lr` all the
    same. So

    * `WarmupStep(0.5, (0.5, 0.64), peak=0.70375)` is what the ResNet-20 script does;
    * `WarmupStep(14 / 160, (0.5, 0.75), peak=0.7882)` is what the VGG-19 script does: it warms up over 10,000
      iterations, has had 7,882 at epoch 14 and jumps to `max_lr` there; drops at epochs 80 and 120 of 160.

    Both to within one iteration: the scripts' first one has a learning rate of one slope, here it has 0.

    Attributes:
        warmup: fraction of the level spent warming up, in [0, 1).
        drops: progress at which the drops happen, ascending, each in (0, 1).
        peak: factor that the warm-up ends at, in (0, 1]; whatever it is, after the warm-up comes 1.
    """

    warmup: float = 0.3
    drops: tuple[float, ...] = (0.5, 0.8)
    peak: float = 1.0

    def __post_init__(self) -> None:
        check_fraction("warmup", self.warmup)
        check_drops(self.drops)
        if not 0 < self.peak <= 1:
            raise InputError(f"A profile's peak is greater than 0 and at most 1, but it is {self.peak!r}.")

    def __call__(self, progress: float, /) -> float:
        """Return the warm-up ramp times the steps."""
        ramp = 1.0 if progress >= self.warmup else self.peak * (progress / self.warmup)
        return ramp * Step(self.drops)(progress)


@dataclass(frozen=True)
class Linear:
    """Linear decay to 0, after an optional linear warm-up.

    With warmup = 0.1 it is LLR of Zimmer et al., "How I Learned to Stop Worrying and Love Retraining" (ICLR 2023).
    """

    warmup: float = 0.0

    def __post_init__(self) -> None:
        check_fraction("warmup", self.warmup)

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
        check_fraction("warmup", self.warmup)
        check_fraction("final", self.final)

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
        check_fraction("base", self.base)
        if self.cycles < 1:
            raise InputError(f"A triangular profile needs at least one cycle, but cycles is {self.cycles}.")

    def __call__(self, progress: float, /) -> float:
        """Return the triangle wave, `base` at its feet and 1 at its peaks."""
        phase = (progress * self.cycles) % 1.0
        return self.base + (1 - self.base) * (1 - abs(2 * phase - 1))

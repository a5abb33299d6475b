"""Level schedules that rise or fall along a simple line: what S-Cyc is compared with."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scyc.errors import InputError
from scyc.level_schedule import check_level, check_parameter, density


@dataclass(frozen=True)
class _Ramp:
    start: float
    end: float
    levels: int

    def __post_init__(self) -> None:
        owner = type(self).__name__
        check_parameter(owner, "start", self.start, self.start > 0, "greater than 0")
        check_parameter(owner, "end", self.end, self.end > 0, "greater than 0")
        check_parameter(owner, "levels", self.levels, self.levels >= 1, "1 or greater")

    def _share(self, level: int) -> float:
        """Return how much of the ramp is done at a level, 0 to 1."""
        check_level(level)
        return min(level / self.levels, 1.0)


@dataclass(frozen=True)
class LinearRamp(_Ramp):
    """`max_lr` rises (or falls) by the same amount from level to level, and stays where it ends.

    Attributes:
        start: `max_lr` of the dense network, > 0.
        end: `max_lr` of level `levels` and beyond, > 0.
        levels: number of levels that the ramp takes, >= 1.

    Raises:
        InputError: when a parameter is outside its range.
    """

    def __call__(self, level: int, /) -> float:
        """Return `max_lr` of pruning level `level`."""
        share = self._share(level)
        return self.start * (1 - share) + self.end * share


@dataclass(frozen=True)
class ExponentialRamp(_Ramp):
    """`max_lr` changes by the same factor from level to level, and stays where it ends. Attributes as `LinearRamp`."""

    def __call__(self, level: int, /) -> float:
        """Return `max_lr` of pruning level `level`."""
        return float(self.start * (self.end / self.start) ** self._share(level))


@dataclass(frozen=True)
class InverseDensity:
    """`max_lr` grows as 1/density, (1-p)^-m, up to a cap.

    The rule of SμPar (Dey, Bergsma, Hestness: "Sparse maximal update parameterization", NeurIPS 2024), which scales the
    learning rate of a layer with the inverse of its density, carried over to pruning levels; the cap is this project's
    own, since the law alone soon diverges.

    Attributes:
        max_lr: of the dense network, > 0.
        p: fraction of the remaining weights pruned per level, 0 < p < 1.
        cap: largest value, >= `max_lr`.

    Raises:
        InputError: when a parameter is outside its range.
    """

    max_lr: float
    p: float = 0.2
    cap: float = math.inf

    def __post_init__(self) -> None:
        check_parameter("InverseDensity", "max_lr", self.max_lr, self.max_lr > 0, "greater than 0")
        check_parameter("InverseDensity", "p", self.p, 0 < self.p < 1, "between 0 and 1, both excluded")
        if not self.cap >= self.max_lr:
            raise InputError(f"InverseDensity needs a cap of max_lr ({self.max_lr}) or more, but it is {self.cap!r}.")

    def __call__(self, level: int, /) -> float:
        """Return `max_lr` of pruning level `level`."""
        return min(self.max_lr / density(level, self.p), self.cap)


@dataclass(frozen=True)
class CompressionRamp:
    """`max_lr` rises (or falls) in proportion to the compression, the fraction of the weights that is pruned.

    The rule of thumb for retraining pruned language models, "more compression, higher learning rate": NVIDIA
    Model-Optimizer, `examples/pruning/README.md`, which names two ends and a short warm-up. Pruned in one step, a model
    has one compression; here each level has its own, 1 - (1-p)^m.

    Attributes:
        start: `max_lr` of the dense network, > 0.
        end: `max_lr` at `compression` and beyond, > 0.
        compression: where the ramp ends, in (0, 1].
        p: fraction of the remaining weights pruned per level, 0 < p < 1.

    Raises:
        InputError: when a parameter is outside its range.
    """

    start: float
    end: float
    compression: float = 1.0
    p: float = 0.2

    def __post_init__(self) -> None:
        check_parameter("CompressionRamp", "start", self.start, self.start > 0, "greater than 0")
        check_parameter("CompressionRamp", "end", self.end, self.end > 0, "greater than 0")
        check_parameter(
            "CompressionRamp", "compression", self.compression, 0 < self.compression <= 1, "above 0 and at most 1"
        )
        check_parameter("CompressionRamp", "p", self.p, 0 < self.p < 1, "between 0 and 1, both excluded")

    def __call__(self, level: int, /) -> float:
        """Return `max_lr` of pruning level `level`."""
        share = min((1 - density(level, self.p)) / self.compression, 1.0)
        return self.start * (1 - share) + self.end * share


@dataclass(frozen=True)
class OneCosine:
    """One cosine over all levels together: each level begins where the one before ended.

    The rival of a rise: "IDEA Prune" (arXiv 2503.05920) prunes while one learning rate decays, since one that rises
    again would lose what the network knows. `scyc.profiles.CosineParts` is the profile that goes with it.

    Attributes:
        max_lr: that the dense network begins with, > 0.
        levels: number of levels, the dense one included, >= 1.

    Raises:
        InputError: when a parameter is outside its range; and when a level beyond the last is asked for.
    """

    max_lr: float
    levels: int

    def __post_init__(self) -> None:
        check_parameter("OneCosine", "max_lr", self.max_lr, self.max_lr > 0, "greater than 0")
        check_parameter("OneCosine", "levels", self.levels, self.levels >= 1, "1 or greater")

    def __call__(self, level: int, /) -> float:
        """Return the learning rate that pruning level `level` begins with."""
        check_level(level)
        if level >= self.levels:
            raise InputError(f"OneCosine has {self.levels} levels, from 0 on, but level {level} is asked for.")
        return self.max_lr * (1 + math.cos(math.pi * level / self.levels)) / 2

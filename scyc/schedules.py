"""Level schedules: from the pruning level `m` to `max_lr`, the upper bound of the learning rate in that level.

S-Cyc: Liu, Tan, Motani, "S-Cyc: A Learning Rate Schedule for Iterative Pruning of ReLU-based Networks"
(arXiv 2110.08764). SILO: Liu, Ghosh, Tan, Motani, "Optimizing Learning Rate Schedules for Iterative Pruning
of Deep Neural Networks" (TMLR 2023, arXiv 2212.06144); formula and values as in the authors' code,
github.com/Martin1937/SILO, `resnet_20_cifar_10.py` and `vgg_19_cifar_10.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
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
    _check_level(level)
    if not 0 < p < 1:
        raise InputError(f"p is {p}, but the fraction pruned per level lies between 0 and 1.")
    return float((1 - p) ** level)


@dataclass(frozen=True)
class SCyc:
    """S-Cyc: `max_lr` rises from `delta` to `delta + epsilon` along an S as the network gets sparser.

    `max_lr(m) = delta` for m <= q, else with gamma = 1 - (1-p)^(m-q):
    `max_lr(m) = delta + epsilon * gamma^beta / (gamma^beta + (1-gamma)^beta)`.

    Attributes:
        delta: `max_lr` of the dense network, > 0.
        epsilon: how far it rises in all, >= 0.
        beta: steepness, > 0.
        q: number of levels before the rise starts, >= 0.
        p: fraction of the remaining weights pruned per level, 0 < p < 1.

    Raises:
        InputError: when a parameter is outside its range.
    """

    delta: float
    epsilon: float
    beta: float = 5.0
    q: int = 1
    p: float = 0.2

    def __post_init__(self) -> None:
        _check(type(self).__name__, "delta", self.delta, self.delta > 0, "greater than 0")
        _check(type(self).__name__, "epsilon", self.epsilon, self.epsilon >= 0, "0 or greater")
        _check(type(self).__name__, "beta", self.beta, self.beta > 0, "greater than 0")
        _check(type(self).__name__, "q", self.q, self.q >= 0, "0 or greater")
        _check(type(self).__name__, "p", self.p, 0 < self.p < 1, "between 0 and 1, both excluded")

    def __call__(self, level: int, /) -> float:
        """Return `max_lr` of pruning level `level`."""
        _check_level(level)
        if level <= self.q:
            return self.delta
        # gamma / (1 - gamma) = (1-p)^-(m-q) - 1, and its powers by way of the logarithm: neither expression
        # loses digits at high sparsity, where 1 - gamma itself would round to zero.
        steps = level - self.q
        log_odds = self.beta * (math.log(-math.expm1(steps * math.log1p(-self.p))) - steps * math.log1p(-self.p))
        return self.delta + self.epsilon / (1 + math.exp(-max(-700.0, min(log_odds, 700.0))))


@dataclass(frozen=True)
class SILO(SCyc):
    """SILO: the S-shaped schedule as its authors' released code computes it.

    The code's formula is S-Cyc's (their `offset` is delta, `alpha` epsilon, `delay` q), so the two share it here;
    no difference between them is documented where it could be checked.
    """


@dataclass(frozen=True)
class Constant:
    """The same `max_lr` at every level, what practitioners usually do."""

    max_lr: float

    def __post_init__(self) -> None:
        _check("Constant", "max_lr", self.max_lr, self.max_lr > 0, "greater than 0")

    def __call__(self, level: int, /) -> float:
        """Return `max_lr`, whatever the level."""
        _check_level(level)
        return self.max_lr


@dataclass(frozen=True)
class LinearRamp:
    """`max_lr` rises (or falls) by the same amount from level to level, and stays where it ends.

    Attributes:
        start: `max_lr` of the dense network, > 0.
        end: `max_lr` of level `levels` and beyond, > 0.
        levels: number of levels that the ramp takes, >= 1.

    Raises:
        InputError: when a parameter is outside its range.
    """

    start: float
    end: float
    levels: int

    def __post_init__(self) -> None:
        _check_ramp(self)

    def __call__(self, level: int, /) -> float:
        """Return `max_lr` of pruning level `level`."""
        _check_level(level)
        share = min(level / self.levels, 1.0)
        return self.start * (1 - share) + self.end * share


@dataclass(frozen=True)
class ExponentialRamp:
    """`max_lr` changes by the same factor from level to level, and stays where it ends.

    Attributes:
        start: `max_lr` of the dense network, > 0.
        end: `max_lr` of level `levels` and beyond, > 0.
        levels: number of levels that the ramp takes, >= 1.

    Raises:
        InputError: when a parameter is outside its range.
    """

    start: float
    end: float
    levels: int

    def __post_init__(self) -> None:
        _check_ramp(self)

    def __call__(self, level: int, /) -> float:
        """Return `max_lr` of pruning level `level`."""
        _check_level(level)
        return float(self.start * (self.end / self.start) ** min(level / self.levels, 1.0))


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
        _check("InverseDensity", "max_lr", self.max_lr, self.max_lr > 0, "greater than 0")
        _check("InverseDensity", "p", self.p, 0 < self.p < 1, "between 0 and 1, both excluded")
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
        _check("CompressionRamp", "start", self.start, self.start > 0, "greater than 0")
        _check("CompressionRamp", "end", self.end, self.end > 0, "greater than 0")
        _check("CompressionRamp", "compression", self.compression, 0 < self.compression <= 1, "above 0 and at most 1")
        _check("CompressionRamp", "p", self.p, 0 < self.p < 1, "between 0 and 1, both excluded")

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
        _check("OneCosine", "max_lr", self.max_lr, self.max_lr > 0, "greater than 0")
        _check("OneCosine", "levels", self.levels, self.levels >= 1, "1 or greater")

    def __call__(self, level: int, /) -> float:
        """Return the learning rate that pruning level `level` begins with."""
        _check_level(level)
        if level >= self.levels:
            raise InputError(f"OneCosine has {self.levels} levels, from 0 on, but level {level} is asked for.")
        return self.max_lr * (1 + math.cos(math.pi * level / self.levels)) / 2


@dataclass(frozen=True)
class Replay:
    """One `max_lr` per level, read off a list: an oracle's curve, for instance.

    Attributes:
        values: `max_lr` of level 0, 1, ..., each > 0, at least one.

    Raises:
        InputError: when there is none, or one is not positive; and when a level beyond the last is asked for.
    """

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise InputError("Replay needs at least one value.")
        for value in self.values:
            _check("Replay", "every value", value, value > 0, "greater than 0")

    def __call__(self, level: int, /) -> float:
        """Return `max_lr` of pruning level `level`."""
        _check_level(level)
        if level >= len(self.values):
            raise InputError(f"Replay knows {len(self.values)} levels, from 0 on, but level {level} is asked for.")
        return self.values[level]


def _check_ramp(ramp: LinearRamp | ExponentialRamp) -> None:
    owner = type(ramp).__name__
    _check(owner, "start", ramp.start, ramp.start > 0, "greater than 0")
    _check(owner, "end", ramp.end, ramp.end > 0, "greater than 0")
    _check(owner, "levels", ramp.levels, ramp.levels >= 1, "1 or greater")


def _check(owner: str, name: str, value: float, holds: bool, wanted: str) -> None:
    if not (holds and math.isfinite(value)):
        raise InputError(f"{owner} needs {name} to be finite and {wanted}, but it is {value!r}.")


def _check_level(level: int) -> None:
    if level < 0:
        raise InputError(f"A pruning level is 0 (dense) or greater, but it is {level}.")


PRESETS: dict[str, SILO] = {
    "resnet20-cifar10": SILO(delta=0.03, epsilon=0.04, beta=5.0, q=1, p=0.2),
    "vgg19-cifar10": SILO(delta=0.04, epsilon=0.06, beta=5.0, q=1, p=0.2),
}
"""The values in the authors' code, by network and data set."""

SCHEDULES: dict[str, type[LevelSchedule]] = {
    "s-cyc": SCyc,
    "silo": SILO,
    "constant": Constant,
    "linear": LinearRamp,
    "exponential": ExponentialRamp,
    "inverse-density": InverseDensity,
    "compression": CompressionRamp,
    "one-cosine": OneCosine,
    "replay": Replay,
}
"""Every level schedule by its kind; those that need a measurement are in `scyc.measured_schedules`."""

"""Level schedules: from the pruning level `m` to `max_lr`, the upper bound of the learning rate in that level.

S-Cyc: Liu, Tan, Motani, "S-Cyc: A Learning Rate Schedule for Iterative Pruning of ReLU-based Networks"
(arXiv 2110.08764). SILO: Liu, Ghosh, Tan, Motani, "Optimizing Learning Rate Schedules for Iterative Pruning
of Deep Neural Networks" (TMLR 2023, arXiv 2212.06144); formula and values as in the authors' code,
github.com/Martin1937/SILO, `resnet_20_cifar_10.py` and `vgg_19_cifar_10.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scyc.errors import InputError
from scyc.level_schedule import LevelSchedule, check_level, check_parameter
from scyc.ramps import CompressionRamp, ExponentialRamp, InverseDensity, LinearRamp, OneCosine


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
        check_parameter(type(self).__name__, "delta", self.delta, self.delta > 0, "greater than 0")
        check_parameter(type(self).__name__, "epsilon", self.epsilon, self.epsilon >= 0, "0 or greater")
        check_parameter(type(self).__name__, "beta", self.beta, self.beta > 0, "greater than 0")
        check_parameter(type(self).__name__, "q", self.q, self.q >= 0, "0 or greater")
        check_parameter(type(self).__name__, "p", self.p, 0 < self.p < 1, "between 0 and 1, both excluded")

    def __call__(self, level: int, /) -> float:
        """Return `max_lr` of pruning level `level`."""
        check_level(level)
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
        check_parameter("Constant", "max_lr", self.max_lr, self.max_lr > 0, "greater than 0")

    def __call__(self, level: int, /) -> float:
        """Return `max_lr`, whatever the level."""
        check_level(level)
        return self.max_lr


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
            check_parameter("Replay", "every value", value, value > 0, "greater than 0")

    def __call__(self, level: int, /) -> float:
        """Return `max_lr` of pruning level `level`."""
        check_level(level)
        if level >= len(self.values):
            raise InputError(f"Replay knows {len(self.values)} levels, from 0 on, but level {level} is asked for.")
        return self.values[level]


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

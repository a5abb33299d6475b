"""Profiles that retraining papers restart the learning rate with, after each pruning.

LRW, SLR and CLR as in Le & Hua, "Network Pruning That Matters: A Case Study on Retraining Variants" (ICLR 2021),
code github.com/lehduong/NPTM.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scyc.errors import InputError
from scyc.profiles.profile import Profile, anneal, check_drops, check_fraction, momentum_at

ROUNDING = 1e-12
"""How much earlier than computed a drop may come, so that it does come at the step that it falls on."""


@dataclass(frozen=True)
class OneCycle:
    """One-cycle with cosine annealing, as `torch.optim.lr_scheduler.OneCycleLR` shapes it (Smith & Topin 2018).

    CLR, cyclic learning rate restarting, is `OneCycle(start=0.1, div=100, final_div=100, momentum=(0.85, 0.95))`:
    Le & Hua call PyTorch's scheduler with `pct_start=0.1, div_factor=100, final_div_factor=100`, and leave its cycle of
    the momentum on.

    Attributes:
        start: fraction of the level spent rising, in (0, 1).
        div: `max_lr` divided by the initial learning rate, >= 1.
        final_div: initial learning rate divided by the final one, >= 1.
        momentum: (low, high), 0 <= low <= high < 1: momentum falls from high to low while the learning rate rises,
            and rises back, as PyTorch's does between 0.85 and 0.95; None leaves the optimizer's own alone.
    """

    start: float = 0.3
    div: float = 25.0
    final_div: float = 1e4
    momentum: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        check_fraction("start", self.start)
        if self.start == 0 or not (1 <= self.div < math.inf and 1 <= self.final_div < math.inf):
            raise InputError(
                "A one-cycle profile needs start above 0 and div and final_div of at least 1, "
                f"but they are {self.start}, {self.div} and {self.final_div}."
            )
        if self.momentum is not None and not (
            len(self.momentum) == 2 and 0 <= self.momentum[0] <= self.momentum[1] < 1
        ):
            raise InputError(
                "A one-cycle profile's momentum is its lowest and its highest value, from 0 up to, not including, 1, "
                f"but it is {list(self.momentum)}."
            )

    def __call__(self, progress: float, /) -> float:
        """Return the rising, then the falling half cosine."""
        initial = 1 / self.div
        if progress < self.start:
            return anneal(initial, 1.0, progress / self.start)
        return anneal(1.0, initial / self.final_div, (progress - self.start) / (1 - self.start))

    def momentum_at(self, progress: float, /) -> float | None:
        """Return the falling, then the rising half cosine; None without a cycle of the momentum."""
        if self.momentum is None:
            return None
        low, high = self.momentum
        if progress < self.start:
            return anneal(high, low, progress / self.start)
        return anneal(low, high, (progress - self.start) / (1 - self.start))


@dataclass(frozen=True)
class ScaledRestart:
    """SLR, scaled learning rate restarting: a warm-up along half a cosine, then `max_lr` divided by ten at each drop.

    Le & Hua, CIFAR-10: from 0.001 to 0.1 over the first tenth of the epochs, drops at 50 % and 75 % of the remaining
    ones (each rounded down to a whole epoch, which is not done here).

    Attributes:
        warmup: fraction of the level spent warming up, in [0, 1).
        initial: factor that the warm-up begins with, in [0, 1).
        drops: when the drops happen, as fractions of what is left after the warm-up, ascending, each in (0, 1).
    """

    warmup: float = 0.1
    initial: float = 0.01
    drops: tuple[float, ...] = (0.5, 0.75)

    def __post_init__(self) -> None:
        check_fraction("warmup", self.warmup)
        check_fraction("initial", self.initial)
        check_drops(self.drops)

    def __call__(self, progress: float, /) -> float:
        """Return the rising half cosine, then 10^-(number of drops passed)."""
        if progress < self.warmup:
            return anneal(self.initial, 1.0, progress / self.warmup)
        done = (progress - self.warmup) / (1 - self.warmup) + ROUNDING
        return float(0.1 ** sum(done >= drop for drop in self.drops))


@dataclass(frozen=True)
class Tail:
    """The last `share` of another profile: learning rate rewinding, and fine-tuning.

    LRW (Renda, Frankle & Carbin, ICLR 2020; Le & Hua) retrains with the last T epochs of the original training's
    schedule; here a level of any length replays the last `share` of the profile, T of the original number of epochs.
    With share = 0 that is its final value throughout: FT, fine-tuning at the last learning rate of training.
    Unlike the other profiles it has no place in a spec, since it is made of another one.

    Attributes:
        profile: what is replayed.
        share: in [0, 1]; 1 is the whole profile.
    """

    profile: Profile
    share: float

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise InputError(f"A tail's share of its profile is from 0 to 1, but it is {self.share!r}.")

    def __call__(self, progress: float, /) -> float:
        """Return the profile's factor at 1 - share + share * progress."""
        return self.profile(self._within(progress))

    def momentum_at(self, progress: float, /) -> float | None:
        """Return the profile's momentum at 1 - share + share * progress; None where it leaves it alone."""
        return momentum_at(self.profile, self._within(progress))

    def _within(self, progress: float) -> float:
        if self.share == 1:
            return progress
        return min(1 - self.share + self.share * progress + ROUNDING, 1.0)

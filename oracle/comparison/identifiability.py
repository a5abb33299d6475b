"""Which of S-Cyc's parameters the levels determine, and whether they show a rise at all.

Both come from S-Cyc and a straight line fitted to draws of the posterior. More data narrow the posterior, so they
identify more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FACTORS = {"delta": 1.5, "epsilon": 2.0, "beta": 2.0}
"""A parameter that could as well be this many times larger or smaller is not identified."""

Q_STEPS = 2
"""q is not identified if it could as well be this many levels away."""

_TAILS = (0.025, 0.975)


@dataclass(frozen=True)
class Rise:
    """How many times as large the best `max_lr` is at the last level as at the first.

    By a straight line in log `max_lr`.

    Attributes:
        factor: posterior median.
        low: lower end of the 95 % interval.
        high: its upper end.
    """

    factor: float
    low: float
    high: float

    @property
    def told(self) -> bool:
        """Whether the levels show a rise."""
        return self.low > 1

    @property
    def fall_told(self) -> bool:
        """Whether the levels show a fall."""
        return self.high < 1


@dataclass(frozen=True)
class Identifiability:
    """What the levels determine.

    Attributes:
        identified: of each parameter of S-Cyc, by name. Without a rise only delta can be: epsilon may be 0, or the
            rise may come after the last level.
        sentences: about each that is not identified.
    """

    identified: dict[str, bool]
    sentences: tuple[str, ...]


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of draws: observed values, not interpolated ones, since q is a whole number."""
    low, high = np.quantile(values, _TAILS, method="inverted_cdf").tolist()
    return low, high


def identify(named: Mapping[str, float], errors: Mapping[str, tuple[float, float]], rise: Rise) -> Identifiability:
    """Return what the levels determine of the fitted parameters.

    Args:
        named: the parameters of S-Cyc, by name.
        errors: their 95 % intervals.
        rise: of the best `max_lr`.
    """
    loose: dict[str, str] = {}
    for name, factor in FACTORS.items():
        low, high = errors[name]
        if low * factor <= named[name] or named[name] * factor <= high:
            loose[name] = f"may be anything from {low:.3g} to {high:.3g}"
    low, high = errors["q"]
    if max(named["q"] - low, high - named["q"]) >= Q_STEPS:
        loose["q"] = f"may be anything from {low:.0f} to {high:.0f}"
    return Identifiability(
        {name: name not in loose and (rise.told or name == "delta") for name in named},
        tuple(f"{name} is not identified: it {loose[name]}." for name in named if name in loose)
        if rise.told
        else (_flat(loose.get("delta")),),
    )


def _flat(delta: str | None) -> str:
    sentence = (
        "These levels show no clear rise: epsilon may be 0, or the rise may come after the last level, so epsilon, "
        "beta and q are not identified"
    )
    return f"{sentence}, nor is delta: it {delta}." if delta else f"{sentence}."

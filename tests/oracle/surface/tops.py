"""Studies with a known truth: tops that are gentle to the left and steep to the right, judged on shared examples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

RATES = np.geomspace(0.02, 1.0, 12)
CENTRES = -0.45 + 0.75 / (1 + np.exp(-(np.arange(13) - 5.5) / 1.3))
"""Where the best lies at each level, if the candidates span -1 to 1: an S from 0.06 to 0.25."""


@dataclass(frozen=True)
class Level:
    """What the surface needs of a level."""

    level: int
    scores: Mapping[float, Sequence[float]]
    diverged: frozenset[float] = frozenset()
    answers: Mapping[float, NDArray[np.bool_]] | None = field(default=None, repr=False)
    trained: Mapping[float, Sequence[bool]] = field(default_factory=dict)
    given_up: Mapping[float, float] = field(default_factory=dict)
    scale: float = 1.0


def rate_at(x: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return `max_lr` where the candidates span -1 to 1."""
    return np.asarray(np.exp(np.log(0.02) + (np.asarray(x) + 1) / 2 * np.log(50)))


def loss(x: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what is lost in points, shape (levels, len(x))."""
    off = x - centres[:, None]
    return np.asarray(1.2 * (np.exp(2.6 * off) - 2.6 * off - 1))


def study(
    seed: int, centres: NDArray[np.float64] = CENTRES, seeds: int = 3, examples: int = 2000, recorded: bool = True
) -> list[Level]:
    """Return levels of 12 candidates. All networks find the same examples hard, more or less."""
    random = np.random.default_rng(seed)
    accuracy = 0.62 - loss(np.linspace(-1, 1, 12), centres)[:, :, None] / 100
    accuracy = accuracy + 0.0025 * random.standard_normal((len(centres), 12, seeds))
    hard = np.sqrt(0.7) * random.standard_normal(examples)
    drawn = hard + np.sqrt(0.3) * random.standard_normal((len(centres), 12, seeds, examples))
    answers = drawn < norm.ppf(accuracy.clip(0.05, 0.95))[..., None]
    return [
        Level(
            m,
            {float(rate): answers[m, k].mean(axis=1).tolist() for k, rate in enumerate(RATES)},
            answers={float(rate): answers[m, k] for k, rate in enumerate(RATES)} if recorded else None,
        )
        for m in range(len(centres))
    ]

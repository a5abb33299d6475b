"""Oracles whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from oracle.comparison import OracleLevel, winner_of
from oracle.results.intervals import RULES, TOLERANCE, Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oracle.results.intervals.rule import Judge

P = 0.2

within, paired = RULES["within"].at(TOLERANCE), RULES["paired"].at(TOLERANCE)


def surface(
    truth: Callable[[int], float],
    levels: int = 13,
    candidates: int = 12,
    seeds: int = 3,
    noise: float = 0.004,
    judge: Judge = paired,
) -> list[OracleLevel]:
    """Accuracies that fall off on both sides of the truth, with what a seed adds to all and noise of its own."""
    rng = np.random.default_rng(0)
    rates = np.geomspace(0.02, 1.0, candidates)
    found = []
    for m in range(levels):
        peak = 0.9 - 0.06 * np.log(rates / truth(m)) ** 2
        table = peak[:, None] + 0.01 * rng.standard_normal(seeds) + noise * rng.standard_normal((candidates, seeds))
        accuracies = dict(zip(rates.tolist(), table.tolist(), strict=True))
        found.append(OracleLevel(m, (1 - P) ** m, winner_of(accuracies), accuracies))
    return [replace(level, interval=interval) for level, interval in zip(found, judge(found), strict=True)]


def narrow(truth: Sequence[float], seed: int = 0, noise: float = 0.02, half_width: float = 0.05) -> list[OracleLevel]:
    """One seed's oracle that knows the truth to `noise`, and says so: intervals of +- `half_width` in log max_lr."""
    shifts = np.clip(noise * np.random.default_rng(seed).standard_normal(len(truth)), -half_width, half_width)
    return [
        known(m, max_lr * float(np.exp(shift)), half_width)
        for m, (max_lr, shift) in enumerate(zip(truth, shifts, strict=True))
    ]


def known(
    m: int, max_lr: float, half_width: float | None = 0.05, low_open: bool = False, high_open: bool = False
) -> OracleLevel:
    """A level whose best max_lr is this one."""
    accuracies = {max_lr / 2: [0.8], max_lr: [0.9], max_lr * 2: [0.8]}
    interval = None
    if half_width is not None:
        factor = float(np.exp(half_width))
        interval = Interval(max_lr / factor, max_lr * factor, low_open, high_open)
    return OracleLevel(m, (1 - P) ** m, max_lr, accuracies, interval)

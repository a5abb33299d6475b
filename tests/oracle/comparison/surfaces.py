"""Oracles whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from oracle.comparison import OracleLevel, winner_of
from oracle.results.intervals import RULES, TOLERANCE, Interval
from tests.oracle.surface.tops import RATES, study

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


def known(m: int, max_lr: float) -> OracleLevel:
    """A level whose best max_lr is this one."""
    accuracies = {max_lr / 2: [0.8], max_lr: [0.9], max_lr * 2: [0.8]}
    return OracleLevel(m, (1 - P) ** m, max_lr, accuracies, Interval(max_lr / 1.05, max_lr * 1.05))


def tops(
    truth: Sequence[float], seed: int = 0, seeds: int = 3, examples: int = 2000, recorded: bool = True
) -> list[OracleLevel]:
    """An oracle of asymmetric tops on shared examples (`tests.oracle.surface.tops`), best at this truth by level."""
    centres = 2 * np.log(np.array(truth) / RATES[0]) / np.log(RATES[-1] / RATES[0]) - 1
    return [
        OracleLevel(found.level, (1 - P) ** found.level, winner_of(found.scores), found.scores, answers=found.answers)
        for found in study(seed, centres, seeds, examples, recorded)
    ]

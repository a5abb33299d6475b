"""Which of S-Cyc's parameters the levels determine, and which they leave open.

A parameter counts as identified when moving it by a stated distance (`FACTORS`, `Q_STEPS`), with all others fitted
again, makes the curve worse than chance explains, and when the bootstrap over seeds does not reach that far either.
What chance explains: the cost may rise by a chi-square quantile times the variance of one level, which is that left
over by the fit, but never less than that of `RESOLUTION`.

This differs from the error bars. They tell how far the best fit moves with the seeds; they can be narrow even if a
parameter is not identified, because wide oracle intervals have room for other curves that are as good.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2

if TYPE_CHECKING:
    from oracle.comparison.bootstrap import Bootstrap
    from oracle.comparison.families import Family, SCycFamily
    from oracle.comparison.objective import Floats, Targets

RESOLUTION = 0.05
"""Curves within five per cent of `max_lr` of each other cannot be told apart by training, however the fit turns out."""

FACTORS = {"delta": 1.5, "epsilon": 2.0, "beta": 2.0}
"""A parameter that could as well be this many times larger or smaller is not identified."""

Q_STEPS = 2
"""q is not identified if it could as well be this many levels away."""

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Identifiability:
    """What the levels determine.

    Attributes:
        rises: whether they show a rise at all, that is, whether a constant is worse than chance explains.
        identified: of each parameter of S-Cyc, by name. Without a rise only delta can be: epsilon may be 0, or the
            rise may come after the last level.
        sentences: about each that is not identified.
    """

    rises: bool
    identified: dict[str, bool]
    sentences: tuple[str, ...]


def identify(
    family: SCycFamily, constant: Family, parameters: Floats, aim: Targets, refits: Bootstrap | None
) -> Identifiability:
    """Return what the levels determine of the fitted parameters, shape (4,), of one problem (a batch of one)."""
    cost = float(aim.cost(family(parameters[None], aim.levels)[0])[0])
    named = family.named(parameters)
    variance = max(cost / max(len(aim.levels) - len(named), 1), RESOLUTION**2)

    def as_good(other: float, moved: int) -> bool:
        return other - cost <= variance * float(chi2.ppf(_CONFIDENCE, moved))

    rises = not as_good(float(constant.fit(aim)[1][0]), moved=3)
    spread = refits.parameters if refits else {}
    loose: dict[str, str] = {}
    for name, factor in FACTORS.items():
        moves = [move for move in (1 / factor, factor) if as_good(_moved(family, parameters, aim, name, move), moved=1)]
        low, high = spread.get(name, (named[name], named[name]))
        if moves:
            loose[name] = f"could be {moves[0]:.2g} times as large, and a curve would fit these levels as well"
        elif low * factor <= named[name] or named[name] * factor <= high:
            loose[name] = f"is anywhere from {low:.3g} to {high:.3g} with other seeds"
    qs = [q for q, other in enumerate(family.profile(aim)[1][0].tolist()) if as_good(other, moved=1)]
    low, high = spread.get("q", (named["q"], named["q"]))
    if max(abs(q - named["q"]) for q in qs) >= Q_STEPS:
        loose["q"] = f"could be anything from {min(qs)} to {max(qs)}, and a curve would fit these levels as well"
    elif max(named["q"] - low, high - named["q"]) >= Q_STEPS:
        loose["q"] = f"is anywhere from {low:.0f} to {high:.0f} with other seeds"
    return Identifiability(
        rises,
        {name: name not in loose and (rises or name == "delta") for name in named},
        tuple(f"{name} is not identified: it {loose[name]}." for name in named if name in loose)
        if rises
        else (_flat(loose.get("delta")),),
    )


def _moved(family: SCycFamily, parameters: Floats, aim: Targets, name: str, factor: float) -> float:
    """Return the least cost with one parameter held at `factor` times its fitted value, all q tried."""
    index = list(FACTORS).index(name)
    value = float(parameters[index])
    value = math.log1p(math.expm1(value) * factor) if name == "epsilon" else value + math.log(factor)
    return float(np.min(family.profile(aim, fixed=index, value=value)[1]))


def _flat(delta: str | None) -> str:
    sentence = (
        "These levels show no clear rise, a constant max_lr is as good: epsilon may be 0, or the rise may come after "
        "the last level, so epsilon, beta and q are not identified"
    )
    return f"{sentence}, nor is delta: it {delta}." if delta else f"{sentence}."

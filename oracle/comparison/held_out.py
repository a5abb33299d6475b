"""S-Cyc next to its rivals: how probable each family is, and how far it is off at a level that it was not fitted to.

The weight of a family is its posterior probability if all were as probable before, by Schwarz's criterion (BIC): how
well its best curve agrees with the posterior of the best `max_lr`, less a price for every parameter.

The error at a held-out level is the log distance of the curve fitted to all other levels to where the level is best.
A family with more parameters follows its own levels more closely, but gains little here by following noise. It gains
something: the surface makes neighbouring levels alike, so they have some noise in common.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import t as student

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.comparison.families import Family
    from oracle.comparison.targets import Floats, Targets

Verdict = Literal["worse", "better", "not told apart"]

FEWEST = 5
"""S-Cyc has four parameters: with fewer levels, those that are left could not hold it."""

NEGLIGIBLE = 0.01
"""Differences of log distances below this, one per cent of `max_lr`, decide nothing, however regular they are."""

LIKELY = 0.05
"""A family with less than this weight is improbable."""


@dataclass(frozen=True)
class HeldOutError:
    """How far one family is off at held-out levels.

    Attributes:
        rms: root mean square of the log distances.
        difference: 95 % interval (Student's) of the mean difference between this family's distance and S-Cyc's at
            the same level, positive where S-Cyc is nearer; None for S-Cyc itself. The errors of neighbouring levels
            are related, so take it as a rough one.
        verdict: of the family next to S-Cyc: "worse" where all of `difference` is above `NEGLIGIBLE`, "better"
            where all of it is below -`NEGLIGIBLE`; None for S-Cyc itself.
    """

    rms: float
    difference: tuple[float, float] | None
    verdict: Verdict | None


@dataclass(frozen=True)
class HeldOut:
    """One family's row of the table.

    Attributes:
        family: its name.
        parameters: fitted to all levels, by name; empty for a family that has none to name.
        max_lr: its curve, fitted to all levels, in their order.
        misfit: squared distance of that curve to the posterior's mean, in standard deviations of the posterior.
        weight: posterior probability among the families, in [0, 1].
        error: at held-out levels; None with fewer than `FEWEST` levels.
    """

    family: str
    parameters: dict[str, float]
    max_lr: tuple[float, ...]
    misfit: float
    weight: float
    error: HeldOutError | None


def leave_one_out(families: Sequence[Family], aim: Targets) -> tuple[HeldOut, ...]:
    """Return the table for these families, S-Cyc first, on one problem (a batch of one)."""
    fits = [family.fit(aim) for family in families]
    curves = [family(parameters, aim.levels)[0][0] for family, (parameters, _) in zip(families, fits, strict=True)]
    misfits = [float(costs[0]) for _, costs in fits]
    weights = _weights(misfits, [family.freedom(curve) for family, curve in zip(families, curves, strict=True)], aim)
    enough = len(aim.levels) >= FEWEST
    distances = [_distances(family, aim) for family in families] if enough else []
    return tuple(
        HeldOut(
            family=family.name,
            parameters=family.named(fits[i][0][0]),
            max_lr=tuple(np.exp(curves[i]).tolist()),
            misfit=misfits[i],
            weight=weights[i],
            error=_error(distances[i], distances[0] if i else None) if enough else None,
        )
        for i, family in enumerate(families)
    )


def sentences(table: Sequence[HeldOut]) -> list[str]:
    """Return what the table says about S-Cyc and its rivals."""
    likely = sorted((row for row in table if row.weight >= LIKELY), key=lambda row: -row.weight)
    shown = ", ".join(f"{row.family} {100 * row.weight:.0f} %" for row in likely)
    rest = f"; any other less than {100 * LIKELY:.0f} %" * (len(likely) < len(table))
    said = [f"If one of these shapes is right, this is how probable each is: {shown}{rest}."]
    if table[0].error is None:
        said.append(f"With fewer than {FEWEST} levels, none can be held out to compare S-Cyc with simpler schedules.")
        return said
    families: dict[str, list[str]] = {}
    for row in table[1:]:
        if row.error is not None and row.error.verdict is not None:
            families.setdefault(_SAID[row.error.verdict], []).append(row.family)
    return said + [f"{text}: {', '.join(names)}." for text, names in families.items()]


_SAID: dict[Verdict, str] = {
    "worse": "At held-out levels S-Cyc comes nearer to the best max_lr than these do",
    "better": "At held-out levels S-Cyc stays farther from the best max_lr than these do",
    "not told apart": "Held-out levels do not show whether S-Cyc is better or worse than these",
}


def _weights(misfits: Sequence[float], freedoms: Sequence[int], aim: Targets) -> list[float]:
    price = math.log(len(aim.levels))
    logs = [-0.5 * (misfit + price * freedom) for misfit, freedom in zip(misfits, freedoms, strict=True)]
    shares = [math.exp(one - max(logs)) for one in logs]
    return [share / math.fsum(shares) for share in shares]


def _distances(family: Family, aim: Targets) -> Floats:
    """Return the held-out levels' log distances to where they are best, shape (n,)."""
    problems = aim.each_left_out()
    predicted = np.diagonal(family(family.fit(problems)[0], aim.levels)[0])
    return np.asarray(np.abs(predicted - aim.centre[0]))


def _error(distances: Floats, ours: Floats | None) -> HeldOutError:
    rms = math.sqrt(float(np.mean(distances**2)))
    if ours is None:
        return HeldOutError(rms, None, None)
    differences = distances - ours
    n, mean = len(differences), float(differences.mean())
    margin = float(student.ppf(0.975, n - 1) * differences.std(ddof=1) / math.sqrt(n))
    low, high = mean - margin, mean + margin
    verdict: Verdict = "worse" if low > NEGLIGIBLE else "better" if high < -NEGLIGIBLE else "not told apart"
    return HeldOutError(rms, (low, high), verdict)

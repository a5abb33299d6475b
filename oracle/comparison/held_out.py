"""Leave-one-level-out: how far each family is off at a level that it was not fitted to.

The error at a level is the log distance of the curve fitted to all other levels to that level's interval (0 inside it
and beyond an open bound), and to its centre. A family with more parameters follows its own levels more closely, but
gains nothing here by following noise.
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
    from oracle.comparison.objective import Floats, Targets

Verdict = Literal["worse", "better", "not told apart"]

FEWEST = 5
"""S-Cyc has four parameters: with fewer levels, those that are left could not hold it."""

NEGLIGIBLE = 0.01
"""Differences of log distances below this, one per cent of `max_lr`, decide nothing, however regular they are."""


@dataclass(frozen=True)
class HeldOutError:
    """How far one family is off at held-out levels, by one of the two distances.

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
    """One family's row of the leave-one-level-out table.

    Attributes:
        family: its name.
        parameters: fitted to all levels, by name; empty for a family that has none to name.
        max_lr: its curve, fitted to all levels, in their order.
        objective: mean cost per level of that curve.
        to_interval: its error by the distance to the interval, over the levels that have one; None if fewer than
            two have, or there are fewer than `FEWEST` levels.
        to_centre: its error by the distance to the centre; None with fewer than `FEWEST` levels.
    """

    family: str
    parameters: dict[str, float]
    max_lr: tuple[float, ...]
    objective: float
    to_interval: HeldOutError | None
    to_centre: HeldOutError | None


def leave_one_out(families: Sequence[Family], aim: Targets) -> tuple[HeldOut, ...]:
    """Return the table for these families, S-Cyc first, on one problem (a batch of one)."""
    judged = aim.judged[0]
    enough = len(aim.levels) >= FEWEST
    rows: list[HeldOut] = []
    ours: tuple[Floats, Floats] | None = None
    for family in families:
        parameters, costs = family.fit(aim)
        to_interval = to_centre = None
        if enough:
            errors = _distances(family, aim)
            ours = ours or errors
            first = not rows
            to_centre = _error(errors[1], None if first else ours[1])
            if judged.sum() >= 2:
                to_interval = _error(errors[0][judged], None if first else ours[0][judged])
        rows.append(
            HeldOut(
                family=family.name,
                parameters=family.named(parameters[0]),
                max_lr=tuple(np.exp(family(parameters, aim.levels)[0][0]).tolist()),
                objective=float(costs[0]) / len(aim.levels),
                to_interval=to_interval,
                to_centre=to_centre,
            )
        )
    return tuple(rows)


def sentences(table: Sequence[HeldOut]) -> list[str]:
    """Return what the table says about S-Cyc and its rivals."""
    if table[0].to_centre is None:
        return [f"With fewer than {FEWEST} levels, none can be held out to compare S-Cyc with simpler schedules."]
    families: dict[str, list[str]] = {}
    for row in table[1:]:
        verdicts = [
            (error.verdict, where)
            for error, where in ((row.to_interval, "intervals"), (row.to_centre, "centres"))
            if error
        ]
        verdict, where = next((found for found in verdicts if found[0] != "not told apart"), (None, ""))
        families.setdefault(_SAID[verdict].format(where=where), []).append(row.family)
    return [f"{said}: {', '.join(names)}." for said, names in families.items()]


_SAID = {
    "worse": "At held-out levels S-Cyc comes nearer to the {where} than these do",
    "better": "At held-out levels S-Cyc stays farther from the {where} than these do",
    None: "These levels do not show whether S-Cyc is better or worse than these",
}


def _distances(family: Family, aim: Targets) -> tuple[Floats, Floats]:
    """Return the held-out levels' log distances to their intervals and to their centres, each of shape (n,)."""
    problems = aim.each_left_out()
    predicted = np.diagonal(family(family.fit(problems)[0], aim.levels)[0])[None, :]
    return np.abs(aim.outside(predicted)[0]), np.abs(predicted - aim.centre)[0]


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

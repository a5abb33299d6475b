"""What a study would have found, from which examples each of its networks classifies correctly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oracle.comparison.levels import OracleLevel
from scyc import density

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]
    Integers = NDArray[np.intp]

RATE = 0.2
"""Fraction of the weights pruned per level, as in the embedded example."""


def decided(
    rates: Floats, answers: Booleans, diverged: Booleans | None = None, *, recorded: bool = True
) -> list[OracleLevel]:
    """Return the decided levels.

    Args:
        rates: candidates, ascending, shape (K,).
        answers: shape (levels, K, seeds, examples).
        diverged: which candidates diverged on any seed, shape (levels, K). Default: none.
        recorded: whether the study has recorded the answers. If not, only the accuracies are known.
    """
    levels = []
    names = rates.tolist()
    for number, found in enumerate(answers):
        accuracies = found.mean(axis=2)
        out = np.zeros(len(rates), bool) if diverged is None else diverged[number]
        best = int(np.where(out, -1.0, accuracies.mean(axis=1)).argmax())
        levels.append(
            OracleLevel(
                number,
                density(number, RATE),
                names[best],
                dict(zip(names, accuracies.tolist(), strict=True)),
                diverged=frozenset(rates[out].tolist()),
                answers=dict(zip(names, found, strict=True)) if recorded else None,
            )
        )
    return levels

"""S-Cyc as a family of curves to be fitted, and what it shares with its rivals (`oracle.comparison.rivals`).

All are fitted by `oracle.comparison.objective` to the targets of `oracle.comparison.targets`, within bounds that follow
from the candidates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import expit

from oracle.comparison.objective import minimise

if TYPE_CHECKING:
    from oracle.comparison.targets import Floats, Range, Targets

BETA = (0.5, 20.0)
"""The range in which beta is searched. Its authors use 4 and 5; at 20 the curve jumps from one level to the next."""

_BETAS = (5.0, 1.5, 12.0)
"""Where the search starts. The first is the authors' own; a curve that does not rise has it too."""

_EQUAL = 1e-6
"""Costs no further apart are equal; among them the smallest q is taken, and the first beta."""

_FLAT = 1e-4
"""A curve that rises by a smaller share is a constant."""

_DIGITS = 4
"""Significant digits of S-Cyc's parameters. More are never known, and differ between processors."""


class Family(Protocol):
    """A family of level schedules with k parameters, fitted to N problems at once."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def __call__(self, parameters: Floats, levels: Floats, /) -> tuple[Floats, Floats]:
        """Return log `max_lr`, shape (N, n), and its derivatives, shape (N, n, k)."""
        ...

    def fit(self, aims: Targets) -> tuple[Floats, Floats]:
        """Return the best parameters, shape (N, k), and their costs, shape (N,)."""
        ...

    def named(self, parameters: Floats, /) -> dict[str, float]:
        """Return one problem's parameters, shape (k,), by the names that people know them by."""
        ...

    def freedom(self, curve: Floats, /) -> int:
        """Return how many parameters a fitted curve, shape (n,), has."""
        ...


@dataclass(frozen=True)
class SCycFamily:
    """S-Cyc at pruning rate `p`. Parameters: log delta, log((delta + epsilon) / delta), log beta, q.

    q is a whole number, and every q is tried from 0 to one less than the last level; with a larger q the curve would be
    flat. So `minimise` treats q as a constant.
    """

    p: float
    range: Range
    name: str = "s-cyc"

    def __call__(self, parameters: Floats, levels: Floats, /) -> tuple[Floats, Floats]:
        """Return log `max_lr` and its derivatives."""
        log_delta, log_ratio, log_beta, q = parameters.T[:, :, None]
        rise = np.maximum(levels - q, 0.5) * -math.log1p(-self.p)
        log_odds = np.where(levels > q, rise + np.log(-np.expm1(-rise)), -1e6)
        share = expit(np.exp(log_beta) * log_odds)
        ratio = np.exp(log_ratio)
        relative = 1 + (ratio - 1) * share
        by_beta = (ratio - 1) * share * (1 - share) * np.exp(log_beta) * log_odds / relative
        slopes = [np.ones_like(share), ratio * share / relative, by_beta, np.zeros_like(share)]
        return log_delta + np.log(relative), np.stack(slopes, axis=-1)

    def fit(self, aims: Targets) -> tuple[Floats, Floats]:
        """Return the best parameters, shape (N, 4), and costs, shape (N,), of N problems."""
        steps = max(int(aims.levels[-1]), 1)
        problems, qs, betas = (axis.ravel() for axis in np.indices((len(aims.centre), steps, len(_BETAS))))
        # A level that is left out must have no influence, not even on where the search starts.
        centres = np.ma.masked_array(aims.centre, mask=~aims.heard)
        lowest, rise = centres.min(axis=1).filled(), np.ma.ptp(centres, axis=1).filled()
        start = np.stack([lowest[problems], rise[problems], np.log(_BETAS)[betas], qs], axis=1)
        lower, upper = start.copy(), start.copy()
        lower[:, :3] = self.range.low, 0.0, math.log(BETA[0])
        upper[:, :3] = self.range.high, self.range.high - self.range.low, math.log(BETA[1])
        parameters, costs = minimise(self, start, lower, upper, aims[problems])
        by_problem = costs.reshape(len(aims.centre), -1)
        best = (by_problem <= by_problem.min(axis=1, keepdims=True) + _EQUAL).argmax(axis=1)
        found = parameters.reshape(*by_problem.shape, 4)[np.arange(len(best)), best]
        found[found[:, 1] < _FLAT, 1:] = 0.0, math.log(_BETAS[0]), 0.0
        return found, aims.cost(self(found, aims.levels)[0])

    def freedom(self, _curve: Floats, /) -> int:
        """Return 4."""
        return 4

    def named(self, parameters: Floats) -> dict[str, float]:
        """Return delta, epsilon, beta and q."""
        log_delta, log_ratio, log_beta, q = map(float, parameters)
        delta = math.exp(log_delta)
        named = {"delta": delta, "epsilon": delta * math.expm1(log_ratio), "beta": math.exp(log_beta), "q": q}
        return {name: float(f"{value:.{_DIGITS}g}") for name, value in named.items()}

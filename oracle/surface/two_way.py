"""The two-way layout of a level: candidate + seed, fitted to the cells that are trained.

A grid trains every candidate on every seed. A racing search gives up candidates before, so its layout has gaps (NaN).
Candidates are compared on the seeds that they share: that is what least squares does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from oracle.surface.observations import Floats


def residuals(table: Floats) -> tuple[float, int]:
    """Return the sum of squares and the degrees of freedom that are left of the layout (candidate + seed).

    Args:
        table: scores, shape (candidates, seeds), each >= 1; NaN where nothing is trained. Each candidate is trained
            on one seed at least.
    """
    trained = ~np.isnan(table)
    if not trained.all():
        rest = (table - _fitted(table))[trained]
        return float((rest**2).sum()), int(trained.sum() - np.linalg.matrix_rank(_design(trained)))
    rest = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + table.mean()
    candidates, seeds = table.shape
    return float((rest**2).sum()), (candidates - 1) * (seeds - 1)


def filled(table: Floats) -> Floats:
    """Return a table as above with candidate + seed in its gaps."""
    trained = ~np.isnan(table)
    if trained.all():
        return table
    return np.where(trained, table, _fitted(table))


def weights(trained: NDArray[np.bool_]) -> Floats:
    """Return what each trained cell contributes to each candidate's mean over all seeds, gaps filled.

    Args:
        trained: shape (candidates, seeds).

    Returns:
        Shape (candidates, cells), the trained cells row by row.
    """
    candidates, seeds = trained.shape
    if trained.all():
        return np.kron(np.eye(candidates), np.full((1, seeds), 1 / seeds))
    return np.asarray(np.linalg.pinv(_design(trained))[:candidates], dtype=np.float64)


def _fitted(table: Floats) -> Floats:
    trained = ~np.isnan(table)
    effects = np.linalg.pinv(_design(trained)) @ table[trained]
    return np.asarray((_design(np.ones_like(trained)) @ effects).reshape(table.shape))


def _design(trained: NDArray[np.bool_]) -> Floats:
    """Return the design of the trained cells: a column per candidate, and one per seed but the last.

    The effects of the seeds add up to zero, so a candidate's is its mean over all seeds.
    """
    candidates, seeds = trained.shape
    candidate, seed = np.nonzero(trained)
    contrasts = np.vstack([np.eye(seeds - 1), np.full((1, seeds - 1), -1.0)])
    return np.hstack([np.eye(candidates)[candidate], contrasts[seed]])

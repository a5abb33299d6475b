"""Records the gradients' distribution while a level trains.

It is that of the weights that are left (no biases, no BatchNorm), pooled over a few mini-batches. Nothing is copied to
the host before the training has ended, and nothing is kept that grows with the network.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from scyc.gradients import LARGEST, POINTS, QUANTILES, SMALLEST, GradientSummary, windows

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from scyc.pruning import Masks

# Gradients are counted by the leading bits of float32, sign, exponent and 5 bits of the fraction, which costs a shift
# where searching among edges would cost a tenth of a training step. Numbers below float32's normal range count as zero.
_EXPONENTS, _PARTS = 256, 32
_SHIFT = 18
_BINS = _EXPONENTS * _PARTS  # of either sign; those of the last exponent are infinite or NaN
_FINITE = _BINS - _PARTS
_PIECE = 2**20  # gradients that are worked on at a time: small layers together, large ones in pieces


class GradientRecorder:
    """Keeps the gradients' distribution during the training of one level.

    Args:
        model: that is trained, on its device.
        masks: which of its weights are left.
        steps: of the level, >= 1.
    """

    def __init__(self, model: nn.Module, masks: Masks, steps: int) -> None:
        self._groups = _groups(model, masks)
        self._alive = masks.alive
        self._windows = windows(steps)
        self._pooled = {point: _Pooled(next(model.parameters()).device) for point in POINTS}
        self._at = {step: self._pooled[point] for point, window in self._windows.items() for step in window}

    def record(self, step: int) -> None:
        """Look at the gradients as they are between `backward()` and the optimizer's step.

        Args:
            step: number of steps done, from 0 on.
        """
        pooled = self._at.get(step)
        if pooled is None:
            return
        pooled.batches += 1
        for weights, kept in self._groups:
            gradients = torch.cat([_gradient(weight).flatten() for weight in weights])
            for piece, factors in zip(torch.split(gradients, _PIECE), torch.split(kept, _PIECE), strict=True):
                pooled.add(piece.mul_(factors.to(piece.dtype)))

    def summaries(self) -> tuple[GradientSummary, ...]:
        """Return the summary at each point, in order.

        A point that the training did not get to the end of is left out, and one where a gradient was infinite or NaN,
        even a pruned weight's: training does not survive that either.
        """
        found = (
            self._pooled[point].summary(point, self._alive)
            for point, window in self._windows.items()
            if len(window) == self._pooled[point].batches
        )
        return tuple(summary for summary in found if summary is not None)


def _groups(model: nn.Module, masks: Masks) -> list[tuple[list[nn.Parameter], torch.Tensor]]:
    """Return the prunable parameters, small ones together, and 1 for each weight that is left, else 0, shape (n,).

    The ones and zeros are bytes, which are turned into numbers faster than booleans are.
    """
    names: list[list[str]] = []
    room = 0
    for name, mask in masks.kept.items():
        if mask.numel() > room:
            names.append([])
            room = _PIECE
        names[-1].append(name)
        room -= mask.numel()
    return [
        (
            weights := [model.get_parameter(name) for name in group],
            torch.cat([masks.kept[name].flatten() for name in group]).to(weights[0].device, torch.uint8),
        )
        for group in names
    ]


def _gradient(weight: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(weight) if weight.grad is None else weight.grad


class _Pooled:
    """Gradients of several mini-batches: sums of their powers and counts, on the device."""

    def __init__(self, device: torch.device) -> None:
        self.batches = 0
        self._powers = torch.zeros(4, dtype=torch.float64, device=device)  # sums of g, g^2, g^3 and g^4
        # Negative gradients, then positive ones, each from small to large.
        self._counts = torch.zeros(2 * _BINS, dtype=torch.int64, device=device)
        self._one = torch.ones((), dtype=torch.int64, device=device)

    def add(self, gradients: torch.Tensor) -> None:
        """Count in gradients, shape (n,), where those of pruned weights are zero."""
        exact = gradients.double()
        squares = exact.square()
        # Not by torch.dot: its last bits depend on where in memory the numbers happen to lie.
        self._powers += torch.stack((exact.sum(), squares.sum(), exact.mul_(squares).sum(), squares.square_().sum()))
        bins = (gradients.float().view(torch.int32) >> _SHIFT).add_(_BINS)
        self._counts.index_add_(0, bins, self._one.expand_as(bins))

    def summary(self, point: str, alive: int) -> GradientSummary | None:
        """Return the summary, None when something in it is not finite or there are no weights."""
        count = alive * self.batches
        powers = self._powers.tolist()
        if count == 0 or not all(map(math.isfinite, powers)):
            return None
        counts = self._counts.cpu().numpy().reshape(2, _EXPONENTS, _PARTS)
        mean, std, kurtosis = _moments([power / count for power in powers])
        return GradientSummary(
            point, count, mean, std, kurtosis, tuple(_quantiles(counts, count)), tuple(_histogram(counts, count))
        )


def _moments(raw: list[float]) -> tuple[float, float, float | None]:
    """Return mean, standard deviation and kurtosis from the means of the first four powers."""
    mean, second, third, fourth = raw
    variance = second - mean**2
    if variance <= 1e-12 * second:  # rounding's alone
        return mean, 0.0, None
    central = fourth - 4 * mean * third + 6 * mean**2 * second - 3 * mean**4
    return mean, math.sqrt(variance), max(central / variance**2, 1.0)


def _quantiles(counts: NDArray[np.int64], count: int) -> list[float]:
    """Return `QUANTILES` from counts by sign, exponent and part, shape (2, 256, 32)."""
    negative, positive = counts.reshape(2, _BINS)[:, _PARTS:_FINITE]
    filled = np.concatenate([negative[::-1], [count - negative.sum() - positive.sum()], positive])
    up_to = filled.cumsum()
    wanted = np.array(QUANTILES) * count
    places = np.searchsorted(up_to, wanted)
    share = 1 - (up_to[places] - wanted) / filled[places]  # of the bin that is below
    bins = places - len(negative)  # 0 is zero itself, those of negative gradients are negative
    left, right = _edge(bins - (bins < 0)), _edge(bins + (bins > 0))
    found: list[float] = (left + share * (right - left)).tolist()
    return found


def _edge(places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the inner edge of the first positive bin for 1, of the second for 2, ...; of negative ones below zero."""
    sizes = np.abs(places) + _PARTS - 1
    return np.asarray(np.sign(places) * np.ldexp(1 + sizes % _PARTS / _PARTS, sizes // _PARTS - 127))


def _histogram(counts: NDArray[np.int64], count: int) -> list[int]:
    """Return the counts in the bins of `HISTOGRAM_EDGES` from counts by sign, exponent and part, shape (2, 256, 32)."""
    by_octave = counts.sum(axis=2)
    first, end = SMALLEST + 127, LARGEST + 127
    negative, positive = ([*side[first:end].tolist(), int(side[end:].sum())] for side in by_octave)
    return [*reversed(negative), count - sum(negative) - sum(positive), *positive]

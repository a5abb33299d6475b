"""The distribution of the weights' gradients at three points of a training: what is recorded, and when.

S-Cyc's motivation (Liu, Tan, Motani, arXiv 2110.08764): as a ReLU network is pruned iteratively, the distribution of
its weight gradients gets narrower, so sparser networks want larger learning rates. `scyc.gradient_recorder` records it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

POINTS = ("start", "middle", "end")
"""When a level's gradients are recorded: in its first steps, the first ones of its second half, and its last."""

WINDOW = 8
"""Mini-batches that are pooled at each point, at most."""

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
"""Which quantiles a summary has."""

SMALLEST, LARGEST = -27, 7
"""Powers of two where a histogram begins, on either side of zero, and ends."""
_OCTAVES = [math.ldexp(1.0, power) for power in range(SMALLEST, LARGEST + 1)]

HISTOGRAM_EDGES = (*(-edge for edge in reversed(_OCTAVES)), *_OCTAVES)
"""Between the 71 bins of a histogram: +-2^-27 (7.5e-9), +-2^-26, ..., +-2^7 (128), ascending.

So a bin is a factor of 2 wide; the middle one has zero and what is nearer to it than 2^-27, the first and the last have
all beyond 128. A gradient on an edge belongs to the bin farther from zero.
"""


@dataclass(frozen=True)
class GradientSummary:
    """The distribution of the gradients of the weights left, pooled over the mini-batches at one point of a training.

    Attributes:
        point: one of `POINTS`.
        count: how many gradients that is, weights left times mini-batches, > 0.
        mean: arithmetic mean.
        std: square root of the mean squared deviation (not of an estimate by n-1), >= 0.
        kurtosis: mu_4 / sigma^4, 3 of a normal distribution, >= 1; None where all gradients are equal.
        quantiles: those of `QUANTILES`, interpolated linearly within bins that are 1/32 to 1/64 of the value wide.
        histogram: one count for each bin of `HISTOGRAM_EDGES`.
    """

    point: str
    count: int
    mean: float
    std: float
    kurtosis: float | None
    quantiles: tuple[float, ...]
    histogram: tuple[int, ...]


def windows(steps: int) -> dict[str, range]:
    """Return the steps that are recorded at each point: up to `WINDOW` of them, the same number at each.

    They never overlap. A level of fewer than three steps has no step for some of the points, which are left out.

    Args:
        steps: of the level, >= 1.
    """
    if steps < len(POINTS):
        return {"start": range(1), "end": range(1, 2)} if steps == 2 else {"start": range(1)}
    half = steps // 2
    width = min(WINDOW, (steps - half) // 2)
    return {"start": range(width), "middle": range(half, half + width), "end": range(steps - width, steps)}

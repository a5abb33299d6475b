"""How far a mean difference would move with other test examples, told from what each example was answered.

All seeds answer the same examples, so seeds and examples are crossed, and both are drawn at random: the mean of
d[seed, example] has the variance

    var_seed / S + var_example / N + var_interaction / (S N)

The variance of the seeds' means divided by S holds the first and the last part. What is here is the one between: by the
mean squares of the two-way table without repetition. Adding both ways' plain variances would count the interaction
twice, as the pigeonhole bootstrap does (Owen, "The pigeonhole bootstrap", 2007), and with three seeds it is the
greatest part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def of_examples(differences: NDArray[np.float64]) -> tuple[float, float]:
    """Return the variance of the mean by the choice of the examples alone, >= 0, and its degrees of freedom.

    Args:
        differences: what the oracle's curve got right minus what the schedule got right, mean over levels, of shape
            (seeds, examples), at least two of each. With fewer of one, nothing can be told: (0, infinity).
    """
    seeds, examples = differences.shape
    if min(seeds, examples) < 2:
        return 0.0, float("inf")
    of_example = differences.mean(axis=0)
    between = seeds * float(of_example.var(ddof=1))
    rest = differences - of_example
    rest = rest - rest.mean(axis=1, keepdims=True)
    within = float((rest**2).sum()) / ((seeds - 1) * (examples - 1))
    return max(between - within, 0.0) / (seeds * examples), float(examples - 1)

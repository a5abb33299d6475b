"""How much two masks have in common, and how much they would by chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scyc.errors import InputError

if TYPE_CHECKING:
    from scyc.pruning import Masks


@dataclass(frozen=True)
class Overlap:
    """Two masks of one architecture.

    Attributes:
        both: number of weights that are left in both.
        either: number of weights that are left in at least one, >= `both`.
        chance: Jaccard index of two masks with as many weights left, scattered over the whole network, in [0, 1].
        layer_chance: the same with as many weights left in every layer, so that it does not count how global pruning
            shares them among the layers.
    """

    both: int
    either: int
    chance: float
    layer_chance: float

    @property
    def jaccard(self) -> float:
        """Jaccard index: weights left in both over those left in either, 1 of two empty masks."""
        return _ratio(self.both, self.either)


def mask_overlap(one: Masks, other: Masks) -> Overlap:
    """Return how much two masks have in common.

    By chance two masks with a and b of n weights left share ab/n on average, so their index is ab/n / (a+b-ab/n) (the
    ratio of the means, which the mean ratio comes near for large n). At one density d that is d / (2-d).

    Raises:
        InputError: when they are masks of different parameters or shapes.
    """
    if {name: mask.shape for name, mask in one.kept.items()} != {name: m.shape for name, m in other.kept.items()}:
        raise InputError("The two masks belong to different networks; compare masks of one architecture.")
    pairs = [(mask, other.kept[name].to(mask.device)) for name, mask in one.kept.items()]
    both = sum(int((first & second).count_nonzero()) for first, second in pairs)
    left = one.alive + other.alive
    shared = one.alive * other.alive / one.total
    by_layer = math.fsum(int(a.count_nonzero()) * int(b.count_nonzero()) / a.numel() for a, b in pairs)
    return Overlap(both, left - both, _ratio(shared, left - shared), _ratio(by_layer, left - by_layer))


def _ratio(both: float, either: float) -> float:
    return both / either if either else 1.0

"""Criteria: which units of a trained network are dropped next, and how many."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, get_args

import torch

from scyc.dropnet.activity import mean_activity
from scyc.dropnet.oracle import cheapest, losses_without
from scyc.dropnet.units import Units
from scyc.errors import InputError
from scyc.pruning import Masks, prune_to_counts
from scyc.randomness import stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from scyc.data import Split
    from scyc.dropnet.layers import HiddenLayer

Criterion = Literal["minimum", "maximum", "random", "minimum_layer", "maximum_layer", "random_layer", "oracle"]
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)


def units_to_drop(alive: int, rate: float) -> int:
    """Return how many of `alive` units go: the fraction `rate`, rounded down as in the authors' code, at least one.

    One unit always stays, so a single one is not dropped. The rate counts as it is written: 0.29 of 100 are 29.
    """
    return min(alive - 1, max(1, math.floor(Fraction(str(rate)) * alive))) if alive else 0


def drop_lowest(scores: Mapping[str, torch.Tensor], units: Units, drop: int | Mapping[str, int]) -> Units:
    """Return `units` without the lowest-scoring of them; among equal ones the earlier unit goes first.

    Args:
        scores: by layer, vectors with a value for every unit; those of units that are gone do not matter.
        units: which are left so far.
        drop: how many go, of all or by layer.

    Raises:
        InputError: when the score of a unit that is left is NaN.
    """
    if any(bool(scores[name][mask].isnan().any()) for name, mask in units.kept.items()):
        raise InputError(
            "Units cannot be ranked by scores that are NaN: the network's training diverged; train it with a lower lr."
        )
    if isinstance(drop, int):
        joined = {"": torch.cat([scores[name] for name in units.kept])}
        masks = prune_to_counts(joined, Masks({"": torch.cat(list(units.kept.values()))}), {"": units.alive - drop})
        parts = torch.split(masks.kept[""], [mask.numel() for mask in units.kept.values()])
        return Units(dict(zip(units.kept, parts, strict=True)))
    counts = {name: count - drop[name] for name, count in units.counts.items()}
    return Units(prune_to_counts(scores, Masks(units.kept), counts).kept)


def dropped(
    criterion: Criterion,
    model: nn.Module,
    layers: Sequence[HiddenLayer],
    units: Units,
    train: Split,
    *,
    rate: float,
    at_a_time: int | None = None,
    seed: int,
    cycle: int,
) -> Units:
    """Return the units that are left after the next dropping.

    * "minimum": those of lowest mean absolute activation go first, whatever their layer; "maximum": those of highest;
      "random": any.
    * "minimum_layer", "maximum_layer", "random_layer": the same within each layer, the fraction `rate` of each.
    * "oracle": the one unit goes whose removal, without training again, gives the lowest loss on `train`.

    Tan & Motani, "DropNet: Reducing Neural Network Complexity via Iterative Pruning", ICML 2020.
    At least one unit stays, in each layer when dropping by layer; where that is so already, `units` are returned.

    Args:
        criterion: one of `CRITERIA`.
        model: the trained network, on the device of `train`.
        layers: its hidden layers.
        units: which are left so far.
        train: the training examples.
        rate: fraction of the remaining units that goes, in (0, 1).
        at_a_time: drop this many units instead; not by layer. The oracle drops one at a time.
        seed: of the random criteria, >= 0.
        cycle: of training and dropping, from 0 on; the random criteria draw anew in each.

    Raises:
        InputError: when the network has diverged.
    """
    if criterion == "oracle":
        if units.alive < 2:
            return units
        layer, unit = cheapest(losses_without(model, layers, units, train))
        return units.without(layer, [unit])
    kind, by_layer, _ = criterion.partition("_")
    if kind == "random":
        draw = torch.rand(units.total, generator=stream("random units", seed, cycle), dtype=torch.float64)
        scores = dict(zip(units.kept, torch.split(draw, [layer.width for layer in layers]), strict=True))
    else:
        sign = -1 if kind == "maximum" else 1
        scores = {name: sign * activity for name, activity in mean_activity(model, layers, train).items()}
    if by_layer:
        return drop_lowest(scores, units, {name: units_to_drop(count, rate) for name, count in units.counts.items()})
    if at_a_time is not None:
        return drop_lowest(scores, units, min(at_a_time, units.alive - 1))
    return drop_lowest(scores, units, units_to_drop(units.alive, rate))

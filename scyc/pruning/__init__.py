"""Pruning: which weights, how many, by what score, and what training goes on from."""

from scyc.pruning.criteria import (
    CRITERIA,
    Criterion,
    GradientSample,
    PruningContext,
    find_criterion,
    magnitude,
    mean_gradients,
    weight_change,
)
from scyc.pruning.masks import BoundMasks, Masks
from scyc.pruning.prunable import prunable_weights
from scyc.pruning.ranking import Scope, prune, prune_to_counts, weights_due, weights_left
from scyc.pruning.rewind import Rewind, Statistics, rewound

__all__ = [
    "CRITERIA",
    "BoundMasks",
    "Criterion",
    "GradientSample",
    "Masks",
    "PruningContext",
    "Rewind",
    "Scope",
    "Statistics",
    "find_criterion",
    "magnitude",
    "mean_gradients",
    "prunable_weights",
    "prune",
    "prune_to_counts",
    "rewound",
    "weight_change",
    "weights_due",
    "weights_left",
]

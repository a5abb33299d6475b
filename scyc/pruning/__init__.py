"""Pruning: which weights, how many, by what score, and what training goes on from."""

from scyc.pruning.magnitude import Scope, magnitude, prune, weights_left
from scyc.pruning.masks import BoundMasks, Masks
from scyc.pruning.prunable import prunable_weights
from scyc.pruning.rewind import Rewind, rewound

__all__ = [
    "BoundMasks",
    "Masks",
    "Rewind",
    "Scope",
    "magnitude",
    "prunable_weights",
    "prune",
    "rewound",
    "weights_left",
]

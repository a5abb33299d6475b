"""Pruning: which weights, how many, by what score, and what training starts from next."""

from typing import TYPE_CHECKING

from scyc.lazy import lazy_names

if TYPE_CHECKING:
    from scyc.pruning.criteria.change import weight_change
    from scyc.pruning.criteria.criterion import Criterion, PruningContext, Scope
    from scyc.pruning.criteria.gradient import GradientSample, mean_gradients
    from scyc.pruning.criteria.magnitude import magnitude
    from scyc.pruning.criteria.registry import CRITERIA, find_criterion
    from scyc.pruning.masks import BoundMasks, Masks
    from scyc.pruning.prunable import prunable_weights
    from scyc.pruning.ranking import prune, prune_to_counts, weights_due, weights_left
    from scyc.pruning.rewind import Rewind, Statistics, rewound
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "criteria.change": ["weight_change"],
            "criteria.criterion": ["Criterion", "PruningContext", "Scope"],
            "criteria.gradient": ["GradientSample", "mean_gradients"],
            "criteria.magnitude": ["magnitude"],
            "criteria.registry": ["CRITERIA", "find_criterion"],
            "masks": ["BoundMasks", "Masks"],
            "prunable": ["prunable_weights"],
            "ranking": ["prune", "prune_to_counts", "weights_due", "weights_left"],
            "rewind": ["Rewind", "Statistics", "rewound"],
        },
    )

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

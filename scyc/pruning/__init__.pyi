from .coverage import Coverage
from .criteria.change import weight_change
from .criteria.criterion import Criterion, PruningContext
from .criteria.gradient import GradientSample, mean_gradients
from .criteria.magnitude import magnitude
from .criteria.registry import CRITERIA, find_criterion
from .masks import BoundMasks, Masks
from .prunable import matching_parameters, own_names, prunable_weights
from .pruner import Pruner
from .ranking import prune, prune_to_counts, weights_due, weights_left
from .rewind import Rewind, Statistics, rewound
from .scope import Scope

__all__ = [
    "CRITERIA",
    "BoundMasks",
    "Coverage",
    "Criterion",
    "GradientSample",
    "Masks",
    "Pruner",
    "PruningContext",
    "Rewind",
    "Scope",
    "Statistics",
    "find_criterion",
    "magnitude",
    "matching_parameters",
    "mean_gradients",
    "own_names",
    "prunable_weights",
    "prune",
    "prune_to_counts",
    "rewound",
    "weight_change",
    "weights_due",
    "weights_left",
]

"""Criteria: which weights of a trained network go first."""

from scyc.pruning.criteria.change import weight_change
from scyc.pruning.criteria.criterion import Criterion, PruningContext
from scyc.pruning.criteria.gradient import GradientSample, mean_gradients
from scyc.pruning.criteria.magnitude import magnitude
from scyc.pruning.criteria.registry import CRITERIA, find_criterion

__all__ = [
    "CRITERIA",
    "Criterion",
    "GradientSample",
    "PruningContext",
    "find_criterion",
    "magnitude",
    "mean_gradients",
    "weight_change",
]

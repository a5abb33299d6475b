from .evaluation import evaluate
from .learner import Learner
from .loop import train
from .recipe import Recipe
from .result import EpochMetrics, Snapshot, State, Training
from .stop_rule import StopRule

__all__ = [
    "EpochMetrics",
    "Learner",
    "Recipe",
    "Snapshot",
    "State",
    "StopRule",
    "Training",
    "evaluate",
    "train",
]

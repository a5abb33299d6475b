"""DropNet: iterative pruning of whole units, nodes and filters, by their mean activation (Tan & Motani, ICML 2020)."""

from scyc.dropnet.activity import mean_activity
from scyc.dropnet.algorithm import Cycle, DropNet, End, dropnet
from scyc.dropnet.criteria import CRITERIA, Criterion, drop_lowest, dropped, units_to_drop
from scyc.dropnet.layers import HiddenLayer, hidden_layers
from scyc.dropnet.oracle import cheapest, losses_without
from scyc.dropnet.training import EarlyStopping, train_until_stale
from scyc.dropnet.units import Units

__all__ = [
    "CRITERIA",
    "Criterion",
    "Cycle",
    "DropNet",
    "EarlyStopping",
    "End",
    "HiddenLayer",
    "Units",
    "cheapest",
    "drop_lowest",
    "dropnet",
    "dropped",
    "hidden_layers",
    "losses_without",
    "mean_activity",
    "train_until_stale",
    "units_to_drop",
]

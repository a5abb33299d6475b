"""The engines by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scyc.engines.eager import ChannelsLast, Eager
from scyc.engines.graphs import Graphs
from scyc.engines.stacked import Stacked
from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import nn

    from scyc.engines.engine import Engine
    from scyc.training.recipe import Recipe

EAGER: Engine = Eager()
"""The reference."""

ENGINES: Mapping[str, Engine] = {
    "eager": EAGER,
    "channels-last": ChannelsLast(),
    "graphs": Graphs(),
    "stacked": Stacked(),
}
"""Every engine by the name that a spec gives it."""


def find_engine(name: str) -> Engine:
    """Return the engine of that name.

    Raises:
        InputError: there is none.
    """
    if name not in ENGINES:
        raise InputError(f"There is no engine {name!r}; choose one of {', '.join(ENGINES)}.")
    return ENGINES[name]


def engine_for(name: str, model: nn.Module, recipe: Recipe, device: torch.device) -> Engine:
    """Return the engine of that name, or the reference if that one cannot train the network.

    Raises:
        InputError: there is none.
    """
    engine = find_engine(name)
    return EAGER if engine.objection(model, recipe, device) else engine

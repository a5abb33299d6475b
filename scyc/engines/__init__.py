"""Engines: how the steps of networks that are trained in lock-step are taken.

Data, learning rates, optimizer settings, masks and records are the same whatever the engine.
"""

from typing import TYPE_CHECKING

from scyc.lazy import lazy_names

if TYPE_CHECKING:
    from scyc.engines.engine import Engine
    from scyc.engines.registry import EAGER, ENGINES, engine_for, find_engine
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "engine": ["Engine"],
            "registry": ["EAGER", "ENGINES", "engine_for", "find_engine"],
        },
    )

__all__ = ["EAGER", "ENGINES", "Engine", "engine_for", "find_engine"]

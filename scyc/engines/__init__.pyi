from .engine import Engine
from .registry import EAGER, ENGINES, engine_for, find_engine

__all__ = [
    "EAGER",
    "ENGINES",
    "Engine",
    "engine_for",
    "find_engine",
]

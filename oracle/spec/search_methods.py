"""The search methods by name. One more is a module with its proposer and a row here."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

_GRID = "oracle.searching.proposers.grid:GridProposer.from_spec"
_OPTUNA = "oracle.searching.proposers.optuna:SamplerProposer.from_spec"


@dataclass(frozen=True)
class SearchMethod:
    """A way to search `max_lr` at a level.

    Attributes:
        name: as a spec gives it.
        proposer: import path, "package.module:name", of what makes a level's proposer from the spec and the level's
            number. It is imported when the first level begins, for Optuna takes a second.
        needs_range: whether it looks between a low and a high `max_lr`; if not, candidates may be given one by one.
    """

    name: str
    proposer: str
    needs_range: bool = True


SEARCH_METHODS = MappingProxyType(
    {
        method.name: method
        for method in (
            SearchMethod("grid", _GRID, needs_range=False),
            SearchMethod("tpe", _OPTUNA),
            SearchMethod("gp", _OPTUNA),
            SearchMethod("cmaes", _OPTUNA),
            SearchMethod("qmc", _OPTUNA),
            SearchMethod("random", _OPTUNA),
        )
    }
)

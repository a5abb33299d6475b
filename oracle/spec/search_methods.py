"""The search methods by name. To add one, write a module with its proposer, and add a row here."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

_GRID = "oracle.searching.proposers.grid:GridProposer.from_spec"
_RACE = "oracle.searching.racing.race:Race"
_OPTUNA = "oracle.searching.proposers.optuna:SamplerProposer.from_spec"


@dataclass(frozen=True)
class SearchMethod:
    """A way to search `max_lr` at a level.

    Attributes:
        name: its name in a spec.
        path: import path, "package.module:name", of what makes a level's proposer from the spec and the level's
            number. It is imported only when the first level begins: Optuna takes a second to import.
        needs_range: whether it searches between a low and a high `max_lr`; if not, candidates may be listed.
        looks_back: whether it learns from the levels before. Then `path` makes a level's search, from the cells of
            these levels too (`oracle.searching.level_search`).
        curves: whether it looks at learning curves, which take time to load where there are many trials.
    """

    name: str
    path: str
    needs_range: bool = True
    looks_back: bool = False
    curves: bool = False


SEARCH_METHODS = MappingProxyType(
    {
        method.name: method
        for method in (
            SearchMethod("grid", _GRID, needs_range=False),
            SearchMethod("racing", _RACE, needs_range=False, looks_back=True, curves=True),
            SearchMethod("tpe", _OPTUNA),
            SearchMethod("gp", _OPTUNA),
            SearchMethod("cmaes", _OPTUNA),
            SearchMethod("qmc", _OPTUNA),
            SearchMethod("random", _OPTUNA),
        )
    }
)

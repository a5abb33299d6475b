"""Proposers: which candidates to train next at a level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from oracle.searching.proposers.grid import GridProposer
from oracle.searching.proposers.optuna import SamplerProposer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.searching.candidates import Candidate
    from oracle.spec.model import Spec

__all__ = ["GridProposer", "Proposer", "SamplerProposer", "make_proposer"]


class Proposer(Protocol):
    """Proposes the candidates of one level, round by round."""

    def propose(self, observed: Sequence[Candidate], /) -> list[float]:
        """Return the `max_lr` values of the next round, or none when the level can be decided.

        A pure function of the candidates trained so far, whole rounds in the order they were proposed in, so that
        a resumed level goes on as it would have. Never proposes a value that is among them.
        """
        ...


def make_proposer(spec: Spec, level: int) -> Proposer:
    """Return the proposer that the spec asks for."""
    search = spec.search
    if search.method == "grid":
        return GridProposer(search.max_lr.grid(), search.max_lr.scale, search.widen)
    return SamplerProposer(search.method, search.max_lr, search.batch, level)

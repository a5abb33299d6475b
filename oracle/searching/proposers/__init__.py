"""Proposers: which candidates to train next at a level."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Protocol

from oracle.spec.search_methods import SEARCH_METHODS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.searching.candidates import Candidate
    from oracle.spec.model import Spec


class Proposer(Protocol):
    """Proposes the candidates of one level, round by round."""

    def propose(self, observed: Sequence[Candidate], /) -> list[float]:
        """Return the `max_lr` values of the next round, or none if the level can be decided.

        This is a pure function of the candidates trained so far, whole rounds in the order of their proposal. So a
        resumed level proposes what it would have proposed without the interruption. No value is proposed twice.
        """
        ...


def make_proposer(spec: Spec, level: int) -> Proposer:
    """Return the proposer that the spec asks for."""
    proposer: Proposer = resolve_name(SEARCH_METHODS[spec.search.method].path)(spec, level)
    return proposer

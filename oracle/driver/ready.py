"""What the checks before a sweep found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from scyc.pruning import Coverage

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Ready:
    """What the user should know before the work starts.

    Attributes:
        data: what the data hold, in a line; "" if they are the business of the user's own training.
        coverage: how much of the network is pruned; None likewise.
        warnings: sentences.
    """

    data: str
    coverage: Coverage | None = None
    warnings: tuple[str, ...] = ()

    @property
    def recorded(self) -> dict[str, Any]:
        """What readers of the study should know too, who can neither load the data nor build the network."""
        return {"data": self.data, "network": self.coverage.to_dict()} if self.coverage else {}

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        coverage = self.coverage and self.coverage.to_dict()
        return {"data": self.data, "coverage": coverage, "warnings": list(self.warnings)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` was given."""
        coverage = Coverage(**values["coverage"]) if values["coverage"] else None
        return cls(values["data"], coverage, tuple(values["warnings"]))

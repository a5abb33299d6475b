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
        data: what the data hold, in a line.
        coverage: how much of the network is pruned.
        warnings: sentences.
    """

    data: str
    coverage: Coverage
    warnings: tuple[str, ...] = ()

    @property
    def recorded(self) -> dict[str, Any]:
        """What readers of the study should know too, who can neither load the data nor build the network."""
        return {"data": self.data, "network": self.coverage.to_dict()}

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"data": self.data, "coverage": self.coverage.to_dict(), "warnings": list(self.warnings)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` was given."""
        return cls(values["data"], Coverage(**values["coverage"]), tuple(values["warnings"]))

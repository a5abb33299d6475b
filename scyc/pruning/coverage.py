"""How much of a network is pruned, and what never is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from torch import nn

BIASES, NORMALISATIONS = "biases", "normalisations"
_NAMED = 6  # layers that are named, the largest ones


@dataclass(frozen=True)
class Coverage:
    """The part of a network that is pruned; a shared parameter counts once.

    Attributes:
        parameters: how many numbers the network learns.
        prunable: how many of them are pruned from level to level.
        left_out: what is never pruned, largest first, with its number of parameters: layers by name and kind, biases
            and normalisations of all layers together.
    """

    parameters: int
    prunable: int
    left_out: Mapping[str, int]

    @classmethod
    def of(cls, model: nn.Module, prunable: Collection[str]) -> Self:
        """Return the coverage of a model of which the parameters called `prunable` are pruned."""
        layers, left_out = dict(model.named_modules()), defaultdict[str, int](int)
        total = 0
        for name, parameter in model.named_parameters():
            total += parameter.numel()
            if name not in prunable:
                prefix, _, own = name.rpartition(".")
                left_out[_group(layers.get(prefix, model), prefix, own, parameter.dim())] += parameter.numel()
        return cls(total, total - sum(left_out.values()), dict(sorted(left_out.items(), key=lambda item: -item[1])))

    @classmethod
    def read(cls, values: object) -> Self | None:
        """Return the coverage that `to_dict` wrote; None of a study that has none, or of something else."""
        match values:
            case {"parameters": int(parameters), "prunable": int(prunable), "left_out": dict(left_out)} if (
                0 < prunable <= parameters and all(isinstance(count, int) for count in left_out.values())
            ):
                return cls(parameters, prunable, left_out)
        return None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @property
    def whole(self) -> bool:
        """Whether every parameter is pruned, so that there is only one density."""
        return self.prunable == self.parameters

    @property
    def notable(self) -> bool:
        """Whether more is left out than biases and normalisations, which nobody prunes."""
        return not self.left_out.keys() <= {BIASES, NORMALISATIONS}

    def network_density(self, density: float) -> float:
        """Return the fraction of all parameters that is left where `density` is that of the prunable ones."""
        return density + (1 - self.prunable / self.parameters) * (1 - density)

    @property
    def sentence(self) -> str:
        """How many parameters are pruned, and which never are."""
        if self.whole:
            return f"All {self.parameters:,} parameters of the network are pruned."
        named = [f"{what} ({count:,})" for what, count in self.left_out.items()]
        if len(named) > _NAMED + 1:
            rest = list(self.left_out.values())[_NAMED:]
            named[_NAMED:] = [f"{len(rest)} others ({sum(rest):,})"]
        *some, last = named
        listed = f"{', '.join(some)} and {last}" if some else last
        return f"{self.prunable:,} of the network's {self.parameters:,} parameters are pruned; never pruned: {listed}."


def _group(layer: nn.Module, prefix: str, own: str, dimensions: int) -> str:
    """Return under which words a parameter that is not pruned is counted."""
    kind = type(layer).__name__
    if "Norm" in kind and dimensions <= 1:
        return NORMALISATIONS
    if "bias" in own and dimensions <= 1:
        return BIASES
    if prefix and next(layer.children(), None) is None:
        return f"{prefix}, {kind}"
    return f"{prefix}.{own}" if prefix else own

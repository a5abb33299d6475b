"""Which units of a network are left, and the masks that hold the weights of the others at zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from scyc.pruning import Masks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from torch import nn

    from scyc.dropnet.layers import HiddenLayer


@dataclass(frozen=True)
class Units:
    """Which units are left.

    Attributes:
        kept: by the hidden layer's name, from the input on, a boolean vector on the CPU: True where the unit is left.
    """

    kept: Mapping[str, torch.Tensor]

    @classmethod
    def all_of(cls, layers: Sequence[HiddenLayer]) -> Units:
        """Return every unit of `layers`."""
        return cls({layer.name: torch.ones(layer.width, dtype=torch.bool) for layer in layers})

    @property
    def total(self) -> int:
        """Number of units, dropped ones included."""
        return sum(mask.numel() for mask in self.kept.values())

    @property
    def counts(self) -> dict[str, int]:
        """Number of units left, by layer."""
        return {name: int(mask.count_nonzero()) for name, mask in self.kept.items()}

    @property
    def alive(self) -> int:
        """Number of units left."""
        return sum(self.counts.values())

    @property
    def fraction(self) -> float:
        """Fraction of the units left, from 0 to 1."""
        return self.alive / self.total

    def without(self, layer: str, units: Iterable[int]) -> Units:
        """Return the same but for these units of one layer, counted from 0."""
        mask = self.kept[layer].clone()
        mask[list(units)] = False
        return Units({**self.kept, layer: mask})

    def masks(self, model: nn.Module, layers: Sequence[HiddenLayer]) -> Masks:
        """Return masks over the parameters of the units: False on all that belong to a dropped one.

        With these parameters at zero a dropped unit puts out zero whatever its input, and contributes nothing to the
        next layer. `Masks.bind` holds them there through momentum and weight decay.
        """
        kept = {}
        for layer in layers:
            for name in layer.parameters:
                parameter = model.get_parameter(name)
                mask = self.kept[layer.name].view(-1, *[1] * (parameter.dim() - 1))
                kept[name] = mask.expand_as(parameter).clone()
        return Masks(kept)

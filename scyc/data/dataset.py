"""A data set as three disjoint splits of tensors that live on the training device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Split:
    """Inputs with their targets.

    Attributes:
        inputs: float32 of shape (N, *features): (N, D) for vectors, (N, C, H, W) for images; normalised.
        targets: int64 of shape (N,), class indices from 0.
    """

    inputs: torch.Tensor
    targets: torch.Tensor

    def __len__(self) -> int:
        return len(self.targets)

    def to(self, device: torch.device | str) -> Split:
        """Return the split with its tensors on `device`."""
        return Split(self.inputs.to(device), self.targets.to(device))

    def flattened(self) -> Split:
        """Return the split with each input as a vector: (N, D) with D the product of the features' sizes."""
        return Split(self.inputs.flatten(1), self.targets)


@dataclass(frozen=True)
class Dataset:
    """Train, validation and test splits, pairwise disjoint; `num_classes` classes."""

    train: Split
    validation: Split
    test: Split
    num_classes: int

    def to(self, device: torch.device | str) -> Dataset:
        """Return the data set with every tensor on `device`."""
        return Dataset(self.train.to(device), self.validation.to(device), self.test.to(device), self.num_classes)

    def flattened(self) -> Dataset:
        """Return the data set with each input as a vector."""
        return Dataset(self.train.flattened(), self.validation.flattened(), self.test.flattened(), self.num_classes)

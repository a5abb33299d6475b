"""A data set as three disjoint splits that hand out batches on the training device."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


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

    @property
    def device(self) -> torch.device:
        """Where the batches are."""
        return self.targets.device

    @property
    def shape(self) -> torch.Size:
        """Of one input, without the batch's dimension."""
        return self.inputs.shape[1:]

    def batches(self, size: int, order: torch.Tensor | None = None) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield inputs and targets, `size` examples at a time, the last batch with what is left.

        Args:
            size: of a batch, >= 1.
            order: indices of the examples wanted, int64 on any device; all in their own order by default.
        """
        if order is None:
            yield from zip(torch.split(self.inputs, size), torch.split(self.targets, size), strict=True)
            return
        for batch in torch.split(order.to(self.device), size):
            yield self.inputs.index_select(0, batch), self.targets.index_select(0, batch)

    def first(self, count: int) -> Split:
        """Return the first `count` examples, in their order; they share their memory with the split's."""
        return Split(self.inputs[:count], self.targets[:count])

    def to(self, device: torch.device | str) -> Split:
        """Return the split with its tensors on `device`."""
        return Split(self.inputs.to(device), self.targets.to(device))

    def flattened(self) -> Split:
        """Return the split with each input as a vector: (N, D) with D the product of the features' sizes."""
        return Split(self.inputs.flatten(1), self.targets)


@dataclass(frozen=True)
class Reading:
    """What reading files has shown that is not in the tensors.

    Attributes:
        classes: names of the classes, where they have any.
        low: smallest value of a training input before it was standardised; None if it is not known.
        high: likewise the greatest.
        notes: what is worth knowing, such as what was left out; each a phrase.
    """

    classes: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """Three splits for a training to learn from, to be judged by, and to be tested on.

    Attributes:
        train: the examples to learn from.
        validation: those that a training is judged by, once it has ended.
        test: those that it is tested on, once it has ended. The three splits are pairwise disjoint.
        num_classes: number of classes.
        reading: how the files were read.
        watched: how many validation examples a training is watched on, after each epoch but the last: the first ones,
            1 to all. Default: all. With many examples the result is worth more than their time, and the way to it not.
    """

    train: Split
    validation: Split
    test: Split
    num_classes: int
    reading: Reading = Reading()
    watched: int | None = None

    @property
    def watched_split(self) -> Split:
        """The validation examples that a training is watched on, after each epoch but the last."""
        return self.validation if self.watched is None else self.validation.first(self.watched)

    def to(self, device: torch.device | str) -> Dataset:
        """Return the data set with every tensor on `device`."""
        train, validation, test = (split.to(device) for split in (self.train, self.validation, self.test))
        return replace(self, train=train, validation=validation, test=test)

    def flattened(self) -> Dataset:
        """Return the data set with each input as a vector."""
        train, validation, test = (split.flattened() for split in (self.train, self.validation, self.test))
        return replace(self, train=train, validation=validation, test=test)

"""Data from which nothing can be learned are refused, whoever made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scyc.errors import InputError

if TYPE_CHECKING:
    from scyc.data.dataset import Dataset, Split


def check_dataset(data: Dataset, source: str) -> None:
    """Check that a network can learn from the data.

    Args:
        data: three splits.
        source: where they come from, for messages.

    Raises:
        InputError: a split is empty; inputs or targets are no tensors, or do not belong together; an input is NaN or
            infinite; a target is no class; there is only one class; all training inputs are equal; or `watched` is no
            number of validation examples.
    """
    for name, split in (("training", data.train), ("validation", data.validation), ("test", data.test)):
        _check_split(split, f"The {name} split of {source}", data.num_classes)
    most = len(data.validation)
    if data.watched is not None and not (type(data.watched) is int and 1 <= data.watched <= most):
        raise InputError(
            f"{source[:1].upper()}{source[1:]} has watched = {data.watched!r}, but it has {most:,} validation "
            f"examples: give a whole number from 1 to {most}, or None for all."
        )
    if data.train.targets.min() == data.train.targets.max():
        raise InputError(
            f"All training examples of {source} are of one class ({int(data.train.targets[0])}), from which nothing "
            "can be learned: give examples of at least two classes."
        )
    inputs = data.train.inputs
    if not inputs.is_meta and all(bool((one == inputs[0]).all()) for one in inputs):
        raise InputError(
            f"All training inputs of {source} are equal, so nothing can be learned from them: look at how they were "
            "made."
        )


def _check_split(split: Split, name: str, num_classes: int) -> None:
    import torch  # whoever reads a spec does without it

    for what, found in (("inputs", split.inputs), ("targets", split.targets)):
        if not isinstance(found, torch.Tensor):
            raise InputError(
                f"{name} has {what} of type {type(found).__name__}: give tensors, for example by torch.as_tensor."
            )
    if len(split.targets) == 0:
        raise InputError(f"{name} has no examples: add some.")
    if split.targets.dim() != 1 or len(split.inputs) != len(split.targets):
        raise InputError(
            f"{name} has inputs of shape {tuple(split.inputs.shape)} and targets of shape "
            f"{tuple(split.targets.shape)}: give one target, a class index, for each input."
        )
    if split.targets.dtype not in (torch.int64, torch.uint8):
        dtype = str(split.targets.dtype).removeprefix("torch.")
        raise InputError(f"{name} has targets of the type {dtype}: give class indices of the type int64.")
    low, high = (int(bound) for bound in split.targets.aminmax())
    if low < 0 or high >= num_classes:
        raise InputError(
            f"{name} has targets from {low} to {high}, but there are {num_classes} classes: number them from 0 to "
            f"{num_classes - 1}."
        )
    if not split.inputs.is_meta and not all(bound.isfinite() for bound in split.inputs.aminmax()):  # NaN is both
        raise InputError(f"{name} has inputs that are NaN or infinite: leave those examples out, or fill in numbers.")

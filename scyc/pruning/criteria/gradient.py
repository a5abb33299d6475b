"""The gradient of the training loss at the trained weights, and scores made of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from scyc.errors import InputError
from scyc.randomness import seeded, stream
from scyc.state import Replaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import nn

    from scyc.data import Augmentation, Split
    from scyc.pruning.masks import Masks


@dataclass(frozen=True)
class GradientSample:
    """Which training examples the gradient is averaged over.

    Attributes:
        examples: how many, drawn without replacement, >= 1; None, or more than there are, for all of them.
        batch_size: examples per backward pass, >= 1; a matter of memory, the result is the same but for rounding.
        augmentation: applied to each batch; default: none.

    Raises:
        InputError: when a number is below 1.
    """

    examples: int | None = None
    batch_size: int = 512
    augmentation: Augmentation | None = None

    def __post_init__(self) -> None:
        """Refuse numbers below 1."""
        if self.batch_size < 1 or (self.examples is not None and self.examples < 1):
            raise InputError(
                f"A gradient cannot be averaged over {self.examples} examples in batches of {self.batch_size}; "
                "both must be whole numbers of at least 1."
            )


def mean_gradients(
    model: nn.Module,
    masks: Masks,
    split: Split,
    *,
    seed: int,
    level: int,
    sample: GradientSample | None = None,
) -> dict[str, torch.Tensor]:
    """Return the gradient of the mean cross-entropy over (a sample of) `split`, by name of prunable weight.

    The model is in evaluation mode meanwhile: BatchNorm uses its running statistics and leaves them alone, dropout is
    off. So the loss is a mean over examples, however they are batched, and belongs to the network as it is evaluated.
    Weight decay is no part of it. Afterwards the model, its `.grad`s and PyTorch's generators are as they were.

    Args:
        model: with the trained weights, on the same device as `split`.
        masks: name the prunable weights; pruned ones have gradients too.
        split: the training split.
        seed: of the trial, >= 0.
        level: the level to prune down to; the sample and the augmentation depend on (seed, level) alone.
        sample: which examples; all of them, not augmented, by default.
    """
    sample = sample or GradientSample()
    device = split.device
    chosen = _chosen(split, sample, seed, level)
    weights = {name: model.get_parameter(name).detach().requires_grad_() for name in masks.kept}
    sums = [torch.zeros_like(weight) for weight in weights.values()]
    network = Replaced(model)
    generator = stream("pruning augmentation", seed, level, device=device)
    with _evaluating(model), seeded("pruning gradient", seed, level, device=device), torch.enable_grad():
        for inputs, targets in split.batches(sample.batch_size, chosen):
            if sample.augmentation is not None:
                inputs = sample.augmentation(inputs, generator)
            loss = F.cross_entropy(network(weights, inputs), targets, reduction="sum")
            gradients = torch.autograd.grad(loss, list(weights.values()), allow_unused=True, materialize_grads=True)
            torch._foreach_add_(sums, gradients)
    return {name: total / len(chosen) for name, total in zip(weights, sums, strict=True)}


def gradient_magnitude(gradients: Mapping[str, torch.Tensor], masks: Masks) -> dict[str, torch.Tensor]:
    """Return |g| of each prunable weight."""
    return {name: gradients[name].abs() for name in masks.kept}


def connection_sensitivity(
    gradients: Mapping[str, torch.Tensor], weights: Mapping[str, torch.Tensor], masks: Masks
) -> dict[str, torch.Tensor]:
    """Return |w g| of each prunable weight.

    That is SNIP's connection sensitivity (Lee, Ajanthan & Torr, ICLR 2019), here at trained instead of initial
    weights and without its normalisation, which changes no ranking. To first order it is by how much the loss changes
    when the weight is set to zero. Blalock et al. (MLSys 2020) call it gradient magnitude pruning.
    """
    return {name: (weights[name].detach() * gradients[name]).abs() for name in masks.kept}


def _chosen(split: Split, sample: GradientSample, seed: int, level: int) -> torch.Tensor:
    if sample.examples is None or sample.examples >= len(split):
        return torch.arange(len(split))
    return torch.randperm(len(split), generator=stream("pruning sample", seed, level))[: sample.examples]


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:  # one by one: a frozen BatchNorm layer may be in another mode than its model
            module.training = mode

"""Flipping signs at random, to see which training recovers from it.

The perturbation of "Masks, Signs, And Learning Rate Rewinding" (arXiv 2402.19262): a random 30 % of the signs inside
the mask, in every layer, every 30 epochs, the defaults of github.com/AdvaitGadhikar/imp-lrr-lts. That exactly the
rounded fraction is flipped, and after epochs 30, 60, ..., is this project's choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from scyc.errors import InputError
from scyc.randomness import stream
from scyc.signs.agreement import same_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from scyc.pruning import Masks

FRACTION, EVERY = 0.3, 30


def flip_signs(
    state: Mapping[str, torch.Tensor], masks: Masks, fraction: float = FRACTION, *, seed: int, step: int
) -> dict[str, torch.Tensor]:
    """Return `state` with the signs of a random fraction of the weights left turned round, in every layer.

    Which ones is a pure function of (seed, step), the parameter's name and its mask, on any machine the same.

    Args:
        state: parameters and buffers; all but the masks' parameters are passed on as they are.
        masks: which weights are left; pruned ones are not touched.
        fraction: of each layer's weights, in [0, 1]; rounded to a whole number of them.
        seed: of the trial.
        step: tells one perturbation of a training from the next.

    Raises:
        InputError: when `fraction` is no fraction, or the state lacks a parameter.
    """
    _check(fraction)
    return dict(state) | {
        name: torch.where(_chosen(name, mask, fraction, seed, step), -weight, weight)
        for name, mask in masks.kept.items()
        for weight in [same_shape(state, name, mask)]
    }


class SignPerturbation:
    """Flips signs of a model every few epochs of its training: call it after each epoch.

    Args:
        model: that is trained, changed in place.
        masks: which of its weights are left.
        fraction: of each layer's weights, in [0, 1].
        every: epochs between two perturbations, >= 1.
        seed: of the trial.

    Raises:
        InputError: when `fraction` is no fraction, or `every` is below 1.
    """

    def __init__(
        self, model: nn.Module, masks: Masks, *, fraction: float = FRACTION, every: int = EVERY, seed: int
    ) -> None:
        _check(fraction)
        if every < 1:
            raise InputError(f"every is {every}, but it is the number of epochs between two flips: 1 or more.")
        self.model, self.masks, self.fraction, self.every, self.seed = model, masks, fraction, every, seed

    @torch.no_grad()
    def __call__(self, epochs: int) -> bool:
        """Flip signs if it is time to; return whether it was.

        Args:
            epochs: that have been trained so far.
        """
        if epochs < 1 or epochs % self.every:
            return False
        for name, mask in self.masks.kept.items():
            weight = self.model.get_parameter(name)
            chosen = _chosen(name, mask, self.fraction, self.seed, epochs).to(weight.device)
            weight.copy_(torch.where(chosen, -weight, weight))
        return True


def _chosen(name: str, mask: torch.Tensor, fraction: float, seed: int, step: int) -> torch.Tensor:
    """Return which weights of a layer are turned round, a boolean tensor of the mask's shape, on its device."""
    left = mask.flatten().nonzero().flatten()
    order = torch.randperm(left.numel(), generator=stream("sign flips", seed, step, name)).to(left.device)
    chosen = torch.zeros_like(mask).flatten()
    chosen[left[order[: round(fraction * left.numel())]]] = True
    return chosen.view_as(mask)


def _check(fraction: float) -> None:
    if not 0 <= fraction <= 1:
        raise InputError(f"fraction is {fraction}, but the fraction of the signs to flip is from 0 to 1.")

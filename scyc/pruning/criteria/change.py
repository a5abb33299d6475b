"""How far training's last epoch moved the weights: the scores of the SILO authors' code.

github.com/Martin1937/SILO: its ResNet-20 removes the fifth of the remaining weights with the smallest |w_T - w_E|
over the whole network, its VGG-19 the fifth with the smallest |w_T - w_E| |w_T| in each layer; w_T are the weights at
the end of training and w_E those one epoch before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from scyc.pruning.masks import Masks


def weight_change(
    before: Mapping[str, torch.Tensor], after: Mapping[str, torch.Tensor], masks: Masks
) -> dict[str, torch.Tensor]:
    """Return w_T - w_E of each prunable weight.

    Args:
        before: a copy of the weights at the start of the last epoch trained, pruned weights already at zero. Of a
            single epoch that is where training started; the authors' code has no such case.
        after: the weights at the end of training.
        masks: name the prunable weights.
    """
    return {name: after[name].detach() - before[name].detach() for name in masks.kept}


def change_magnitude(change: Mapping[str, torch.Tensor], masks: Masks) -> dict[str, torch.Tensor]:
    """Return |w_T - w_E| of each prunable weight."""
    return {name: change[name].abs() for name in masks.kept}


def change_times_magnitude(
    change: Mapping[str, torch.Tensor], weights: Mapping[str, torch.Tensor], masks: Masks
) -> dict[str, torch.Tensor]:
    """Return |w_T - w_E| |w_T| of each prunable weight."""
    return {name: change[name].abs() * weights[name].detach().abs() for name in masks.kept}

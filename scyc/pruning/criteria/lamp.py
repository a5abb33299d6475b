"""LAMP: layer-adaptive magnitude (Lee, Park, Mo, Ahn & Shin, ICLR 2021).

As in the authors' code, github.com/jaeho-lee/layer-adaptive-sparsity, `tools/pruners.py`, but for rounding: that takes
partial sums from the total, in single precision; here they are added up from the largest weight on, in double.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scyc.pruning.masks import Masks


def lamp(weights: Mapping[str, torch.Tensor], masks: Masks) -> dict[str, torch.Tensor]:
    """Return the LAMP score of each weight that is left, in [0, 1]; pruned weights have 0.

    With the weights left in a layer in ascending order of magnitude (ties in memory order),
    `score(u) = w_u^2 / (w_u^2 + w_(u+1)^2 + ...)`. The largest weight of a layer has score 1, so no layer is emptied
    while there are as many weights to keep as layers. A layer of zeros has score 0 throughout.
    """
    return {name: _scores(weights[name].detach(), mask) for name, mask in masks.kept.items()}


def _scores(weight: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    # On the CPU, because a GPU adds up in an order of its own each time.
    left = mask.flatten().cpu()
    squares = weight.flatten().cpu().double().square()[left]
    descending = torch.sort(squares, stable=True).indices.flip(0)
    largest_first = squares[descending]
    ratios = torch.where(largest_first == 0, 0, largest_first / largest_first.cumsum(0))
    scores_left = torch.empty_like(squares)
    scores_left[descending] = ratios
    scores = torch.zeros(left.numel(), dtype=torch.float64)
    scores[left] = scores_left
    return scores.view_as(weight).to(weight.device)

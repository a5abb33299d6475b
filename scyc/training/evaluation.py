"""How good a network is on a split."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import nn

    from scyc.data import Split

EVALUATION_BATCH = 2048
"""Examples evaluated at a time, at most."""
_EVALUATION_NUMBERS = 2**25
"""Numbers in a batch of inputs for evaluation, at most: images of 224 x 224 pixels take more memory than digits."""


def evaluate(model: nn.Module, split: Split) -> tuple[float | None, float]:
    """Return the mean loss and the accuracy (a fraction) of `model` over `split`; see `answers_on`."""
    loss, answers = answers_on(model, split)
    return loss, accuracy(answers)


@torch.no_grad()
def answers_on(model: nn.Module, split: Split) -> tuple[float | None, torch.Tensor]:
    """Return the mean loss of `model` over `split`, and which examples it classifies correctly.

    Where the loss is not finite it is None, and no answer is correct: such a network answers nothing. The largest of
    NaNs would be the first class, which may be a frequent one.

    Returns:
        The loss, and booleans of shape (N,), in the order of the split and on its device.
    """
    model.eval()
    loss = torch.zeros((), device=split.device)
    correct = []
    for inputs, targets in split.batches(max(1, min(EVALUATION_BATCH, _EVALUATION_NUMBERS // split.shape.numel()))):
        logits = model(inputs)
        loss += F.cross_entropy(logits, targets, reduction="sum")
        correct.append(logits.argmax(dim=1) == targets)
    mean, answers = finite(loss.item() / len(split)), torch.cat(correct)
    return mean, torch.zeros_like(answers) if mean is None else answers


def accuracy(answers: torch.Tensor) -> float:
    """Return the fraction of answers that are correct."""
    return answers.sum().item() / len(answers)


def guessing(split: Split) -> float:
    """Return the accuracy that a network can have on a split without having learned anything from the inputs.

    It is the share of the most common class, which a constant answer has, and two standard errors of such a share.
    """
    share = torch.bincount(split.targets).max().item() / len(split)
    return share + 2 * math.sqrt(share * (1 - share) / len(split))


def finite(loss: float) -> float | None:
    """Return the loss; None when it is not finite, so that no NaN is passed on."""
    return loss if math.isfinite(loss) else None

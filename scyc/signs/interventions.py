"""Networks put together from the signs of one and the magnitudes of another.

The interventions of "Masks, Signs, And Learning Rate Rewinding" (arXiv 2402.19262; code in
github.com/AdvaitGadhikar/imp-lrr-lts), with `learned` and `early` states of one network:

- weights of one run with the signs of another: `with_signs_of(imp, lrr, masks)`;
- learned magnitudes, initial signs: `with_signs_of(learned, early, masks)`;
- initial magnitudes, learned signs: `with_signs_of(early, learned, masks)`;
- shuffled magnitudes, learned signs: `shuffle_magnitudes(learned, masks, seed=0)`;
- signs held while magnitudes are trained: `scyc.signs.FixedSigns`;
- BatchNorm alone goes back: `reset_entries(learned, early, batch_norm_entries(model))`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from scyc.errors import InputError
from scyc.pruning.prunable import BATCH_NORMS
from scyc.randomness import stream
from scyc.signs.agreement import same_shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import nn

    from scyc.pruning import Masks

State = dict[str, torch.Tensor]


def with_signs_of(magnitudes: Mapping[str, torch.Tensor], signs: Mapping[str, torch.Tensor], masks: Masks) -> State:
    """Return |w| sign(v) inside the masks, w from one state and v from the other, and `magnitudes` everywhere else.

    A weight that is zero in `signs`, because that network has pruned it, keeps its own sign: it would be lost.

    Args:
        magnitudes: parameters and buffers.
        signs: tensors that the masks' parameters are among.
        masks: which weights get another sign.

    Raises:
        InputError: when one of the states lacks a parameter, or has it in another shape.
    """
    changed: State = {}
    for name, mask in masks.kept.items():
        weight, donor = same_shape(magnitudes, name, mask), same_shape(signs, name, mask)
        changed[name] = torch.where(mask & (donor != 0), weight.abs() * donor.sign(), weight)
    return dict(magnitudes) | changed


def shuffle_magnitudes(state: Mapping[str, torch.Tensor], masks: Masks, *, seed: int) -> State:
    """Return `state` with the magnitudes of each layer's weights that are left shuffled among them, signs in place.

    The order is a pure function of the seed and the parameter's name. A weight that is left and exactly zero has no
    sign to keep; it gets a positive one, so that no magnitude is lost.

    Raises:
        InputError: when the state lacks a parameter, or has it in another shape.
    """
    changed: State = {}
    for name, mask in masks.kept.items():
        weight = same_shape(state, name, mask).clone()
        left = weight[mask]
        order = torch.randperm(left.numel(), generator=stream("shuffled magnitudes", seed, name)).to(left.device)
        weight[mask] = left.abs()[order] * torch.where(left < 0, -1, 1)
        changed[name] = weight
    return dict(state) | changed


def reset_entries(state: Mapping[str, torch.Tensor], early: Mapping[str, torch.Tensor], names: Iterable[str]) -> State:
    """Return `state` with the named entries as they are in `early`.

    Raises:
        InputError: when one of the states lacks an entry.
    """
    names = list(names)
    lacking = sorted(name for name in names if name not in state or name not in early)
    if lacking:
        raise InputError(f"The states do not both have {', '.join(lacking)}; use states of one architecture.")
    return dict(state) | {name: early[name] for name in names}


def batch_norm_entries(model: nn.Module, *, statistics: bool = False) -> list[str]:
    """Return the names of the state's entries that belong to BatchNorm layers, in the model's own order.

    Args:
        model: any module; without such layers the answer is empty.
        statistics: running means, variances and counts too, not scales and shifts alone. The authors' code leaves
            them as they are when it goes back to early weights.
    """
    names: list[str] = []
    for prefix, layer in model.named_modules():
        if isinstance(layer, BATCH_NORMS):
            own = layer.state_dict() if statistics else dict(layer.named_parameters())
            names += [f"{prefix}.{name}" if prefix else name for name in own]
    return names

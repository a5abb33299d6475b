"""Which parameters of a model are pruned."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from torch import nn
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrize

from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch

PRUNED_LAYERS = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
    nn.Bilinear,
)
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
_PROJECTIONS = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")
_SHOWN = 12  # names in a message


def prunable_weights(model: nn.Module, *, batch_norm: bool = False) -> list[str]:
    """Return the names of the weights that are pruned by default, in the order of the model's layers.

    Those are the weights of linear, bilinear, convolutional and transposed convolutional layers, both kinds of weights
    of recurrent layers and cells and their projections, and the projections of attention. Never pruned are biases,
    normalisations, parameters outside such layers, and embeddings: an embedding is a table, whose row moves only with
    the examples that have its entry, so that the magnitudes in rare rows say nothing of their use.

    A weight that several layers share is named once, by the name that `named_parameters()` gives it.

    Args:
        model: any module.
        batch_norm: prune the scales of BatchNorm layers too, as the SILO authors' code does, which takes every
            parameter with "weight" in its name (github.com/Martin1937/SILO). A pruned scale silences its channel
            but for the bias.

    Raises:
        InputError: when the model has no such weight, or one of them is not a parameter that can be held at zero.
    """
    own, names = own_names(model), dict[str, None]()
    for prefix, layer in model.named_modules():
        for name in _weights_of(layer, batch_norm=batch_norm):
            if getattr(layer, name) is None:  # a BatchNorm layer may have no scales; attention has one projection or 3
                continue
            full = f"{prefix}.{name}" if prefix else name
            if full not in own or is_lazy(getattr(layer, name)):
                raise InputError(_why_not(layer, prefix or type(model).__name__, name))
            names[own[full]] = None
    if not names:
        raise InputError(
            f"{type(model).__name__} has no linear, bilinear, convolutional, recurrent or attention layer, so there is "
            "nothing to prune; choose another workload, or name the parameters to prune in pruning.parameters. "
            f"{_parameters(own)}"
        )
    return list(names)


def matching_parameters(model: nn.Module, patterns: Iterable[str], source: str) -> list[str]:
    """Return the names of the parameters that match any of the patterns, in the model's own order.

    Args:
        model: any module.
        patterns: names of parameters; `*` stands for any text, `?` for one character, `[01]` for one of some.
        source: where the patterns come from, for messages.

    Raises:
        InputError: when a pattern matches no parameter, one whose numbers are not real, or there is no pattern.
    """
    own, patterns = own_names(model), list(patterns)
    if not patterns:
        raise InputError(f"{source} names no parameter to prune. {_parameters(own)}")
    found: set[str] = set()
    for pattern in patterns:
        matches = {first for name, first in own.items() if fnmatchcase(name, pattern)}
        if not matches:
            raise InputError(
                f"{source} has {pattern!r}, which matches no parameter of {type(model).__name__}. {_parameters(own)}"
            )
        found |= matches
    for name in found:
        if is_lazy(weight := model.get_parameter(name)) or not weight.is_floating_point():
            kind = "not initialised yet" if is_lazy(weight) else str(weight.dtype).removeprefix("torch.")
            raise InputError(f"{source} names {name}, which cannot be pruned because it is {kind}; leave it out.")
    return [name for name, _ in model.named_parameters() if name in found]


def own_names(model: nn.Module) -> dict[str, str]:
    """Return every name of every parameter with the one that `named_parameters()` gives it.

    The two differ where a parameter is shared: an output layer with the weight of an embedding, or a layer that is
    used in two places. Masks, gradients and states go by the second.
    """
    first: dict[torch.Tensor, str] = {}
    return {
        name: first.setdefault(parameter, name) for name, parameter in model.named_parameters(remove_duplicate=False)
    }


def _weights_of(layer: nn.Module, *, batch_norm: bool) -> list[str]:
    if (
        isinstance(layer, PRUNED_LAYERS)
        or _is_transposed_linear(layer)
        or (batch_norm and isinstance(layer, BATCH_NORMS))
    ):
        return ["weight"]
    if isinstance(layer, nn.MultiheadAttention):
        return list(_PROJECTIONS)
    if isinstance(layer, nn.RNNBase):
        return [name for name in layer._flat_weights_names if name.startswith("weight")]
    if isinstance(layer, nn.RNNCellBase):
        return ["weight_ih", "weight_hh"]
    return []


def _is_transposed_linear(layer: nn.Module) -> bool:
    """Return whether it is the linear layer of Hugging Face's GPT-2, whose weight lies the other way round."""
    kind = type(layer)
    return kind.__name__ == "Conv1D" and kind.__module__ == "transformers.pytorch_utils"


def _why_not(layer: nn.Module, place: str, name: str) -> str:
    """Return why a layer's weight cannot be pruned, and what to do, as sentences."""
    kind = type(layer).__name__.removeprefix("Parametrized")
    if is_lazy(getattr(layer, name)):
        return (
            f"The layer {place} ({kind}) has no weights yet, because it is lazy; in build_model, call the model once "
            "on an example before you return it."
        )
    if parametrize.is_parametrized(layer, name):
        how, undo = "torch.nn.utils.parametrize", f"torch.nn.utils.parametrize.remove_parametrizations(layer, {name!r})"
    elif f"{name}_mask" in layer._buffers:
        how, undo = "torch.nn.utils.prune", f"torch.nn.utils.prune.remove(layer, {name!r})"
    else:
        how, undo = "a hook or an assignment", "plain layers"
    inner = [key for key in own_names(layer) if key.startswith((f"{name}_", f"parametrizations.{name}."))]
    instead = f" (here {', '.join(inner)} of the layer)" if inner else ""
    return (
        f"The {name} of the layer {place} ({kind}) is not a parameter, because {how} computes it, so pruning cannot "
        f"hold it at zero; in build_model use {undo}, or name the parameters to prune in pruning.parameters{instead}."
    )


def _parameters(own: dict[str, str]) -> str:
    names = list(own)
    if not names:
        return "It has no parameters."
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"Its parameters are {', '.join(names[:_SHOWN])}{more}."

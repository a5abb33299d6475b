"""The hidden layers of a sequential network: which units can be dropped, and which parameters are theirs alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from torch import nn

from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["nodes", "filters"]
Step = tuple[str, nn.Module]

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
# Elementwise, and 0 at 0: a unit whose weights and bias are zero puts out zero.
ACTIVATIONS = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU),
    *(nn.SiLU, nn.Mish, nn.Hardswish, nn.Tanh, nn.Softsign),
)
DROPOUTS = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
# Every channel for itself, and zeros stay zeros.
POOLS = (
    *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
    *(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
)


@dataclass(frozen=True)
class HiddenLayer:
    """A linear or convolutional layer whose units can be dropped.

    Attributes:
        name: of the layer within the network.
        kind: "nodes" of a linear layer, "filters" of a convolutional one.
        width: number of units.
        parameters: names of the parameters whose row i belongs to unit i: the layer's weight and bias, and the scale
            and shift of BatchNorm layers behind it. Where they are zero, the unit contributes nothing.
        activation: position of the activation behind the layer, among `steps_of` the network.
        successor: position of the next linear or convolutional layer, which these units feed.
    """

    name: str
    kind: Kind
    width: int
    parameters: tuple[str, ...]
    activation: int
    successor: int


def steps_of(model: nn.Module) -> list[Step]:
    """Return what `model` applies one after the other, with names; sequences within sequences are unfolded.

    Raises:
        InputError: when the network is not one sequence of modules.
    """
    if not _is_sequence(model):
        raise InputError(
            "DropNet drops units of networks that are one sequence of layers (nn.Sequential), but "
            f"{type(model).__name__} joins its layers in another way, by residual connections for instance; choose a "
            "workload whose network is a multilayer perceptron or a plain convolutional network."
        )
    return list(_unfolded("", model))


def hidden_layers(model: nn.Module) -> tuple[HiddenLayer, ...]:
    """Return the layers whose units can be dropped, from the input on.

    They are the linear and convolutional layers with an activation between them and the next such layer; the last
    one, the output layer, never is.

    Raises:
        InputError: when the network is not one sequence, has no such layer, shares parameters between layers, or has
            something behind such a layer that is not known to keep units apart and zeros zero (Sigmoid, LayerNorm).
    """
    steps = steps_of(model)
    _refuse_sharing(steps)
    weighted = [position for position, (_, step) in enumerate(steps) if isinstance(step, WEIGHTED)]
    found = [_hidden_layer(steps, start, end) for start, end in pairwise(weighted)]
    layers = tuple(layer for layer in found if layer is not None)
    if not layers:
        raise InputError(
            "DropNet drops units of hidden layers, but this network has no linear or convolutional layer with an "
            "activation between it and a next one; choose a workload whose network has."
        )
    return layers


def _is_sequence(module: nn.Module) -> bool:
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def _unfolded(prefix: str, sequence: nn.Module) -> Iterator[Step]:
    for key, module in sequence._modules.items():  # named_children() leaves out what stands there twice
        if module is None:
            continue
        if _is_sequence(module):
            yield from _unfolded(f"{prefix}{key}.", module)
        else:
            yield f"{prefix}{key}", module


def _refuse_sharing(steps: list[Step]) -> None:
    owners: dict[int, str] = {}
    for name, step in steps:
        for parameter in step.parameters():
            owner = owners.setdefault(id(parameter), name)
            if owner != name:
                raise InputError(
                    f"The layers {owner!r} and {name!r} share a parameter, so units of one cannot be dropped without "
                    "the other's; choose a workload whose layers have parameters of their own."
                )


def _hidden_layer(steps: list[Step], start: int, end: int) -> HiddenLayer | None:
    """Return the layer at `start`, which feeds the one at `end`; None when no activation lies between them."""
    name, layer = steps[start]
    nodes = isinstance(layer, nn.Linear)
    width = len(layer.get_parameter("weight"))
    parameters = _parameters(steps[start])
    activation, flat = None, False
    for position in range(start + 1, end):
        step = steps[position][1]
        if isinstance(step, ACTIVATIONS) and (activation is not None or not flat):
            activation = position if activation is None else activation
        elif isinstance(step, NORMS) and step.affine and step.num_features == width:
            parameters += _parameters(steps[position])
        elif isinstance(step, nn.Flatten) and (step.start_dim, step.end_dim) == (1, -1):
            flat = not nodes
        elif not (isinstance(step, DROPOUTS) or (isinstance(step, POOLS) and not nodes and not flat)):
            raise InputError(
                f"The units of layer {name!r} cannot be dropped one by one, because of {step} behind it: between a "
                "hidden layer and the next one DropNet knows activations that are 0 at 0 (ReLU, Tanh, GELU and their "
                "like), BatchNorm with scale and shift, dropout, and behind convolutions pooling and, after the "
                "activation, Flatten(); choose a workload whose network has no more than these."
            )
    if activation is None:
        return None
    return HiddenLayer(name, "nodes" if nodes else "filters", width, parameters, activation, end)


def _parameters(step: Step) -> tuple[str, ...]:
    return tuple(f"{step[0]}.{name}" for name, _ in step[1].named_parameters())

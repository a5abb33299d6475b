"""Sequences of linear layers on a CPU, by hand: the kernels that autograd calls, and nothing around them.

The layers of an MLP are so small that recording, dispatching and allocating take as long as computing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from scyc.training.recipe import Recipe

_aten = torch.ops.aten


class Lean:
    """Gradients of an MLP with ReLU, the same to the bit as autograd's.

    Args:
        model: one that `trains` agrees to; its `.grad`s belong to the engine from now on.
    """

    def __init__(self, model: nn.Module) -> None:
        layers = _layers(model)
        self._weights, self._biases = (
            [getattr(layer, name).detach() for layer in layers] for name in ("weight", "bias")
        )
        for layer in layers:
            for parameter in layer.parameters():
                parameter.grad = torch.zeros_like(parameter)
        self._gradients = [(layer.weight.grad, layer.bias.grad) for layer in layers]
        self._transposed = [weight.t() for weight in self._weights]
        self._outputs: list[torch.Tensor] = []
        self._errors: list[torch.Tensor] = []

    @staticmethod
    def trains(model: nn.Module, recipe: Recipe, device: torch.device) -> bool:
        """Return whether the network is an MLP as this engine knows it, in single precision on a CPU."""
        if device.type != "cpu" or recipe.precision != "fp32" or type(model) is not nn.Sequential:
            return False
        if recipe.batch_size == 1:  # of one row autograd may make another layout, and add up in another order
            return False
        layers = list(model)[_flattens(next(iter(model), None)) :]
        linear, between = layers[::2], layers[1::2]
        return (
            len(layers) % 2 == 1
            and len(list(model.parameters())) == 2 * len(linear)  # no layer or weight is there twice
            and all(type(layer) is nn.Linear and layer.bias is not None for layer in linear)
            and all(type(layer) is nn.ReLU for layer in between)
            and all(weight.dtype == torch.float32 and weight.requires_grad for weight in model.parameters())
            and not any(_hooked(module) for module in model.modules())
        )

    @torch.no_grad()
    def __call__(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Leave the gradients in the parameters' `.grad`, and return the loss."""
        inputs = inputs.flatten(1)
        if not self._outputs or len(self._outputs[0]) != len(inputs):
            self._make_room(inputs)
        below = inputs
        last = len(self._weights) - 1
        for number, output in enumerate(self._outputs):
            torch.addmm(self._biases[number], below, self._transposed[number], out=output)
            below = output.relu_() if number < last else output
        log_probabilities = torch.log_softmax(below, 1)
        loss: torch.Tensor
        loss, total = _aten.nll_loss_forward(log_probabilities, targets, None, 1, -100)
        error = _aten.nll_loss_backward(self._one, log_probabilities, targets, None, 1, -100, total)
        error = _aten._log_softmax_backward_data(error, log_probabilities, 1, torch.float32)
        for number in range(last, -1, -1):
            weight_gradient, bias_gradient = self._gradients[number]
            below = self._outputs[number - 1] if number else inputs
            torch.mm(error.t(), below, out=weight_gradient)
            torch.sum(error, 0, out=bias_gradient)
            if number:
                torch.mm(error, self._weights[number], out=self._errors[number - 1])
                error = _aten.threshold_backward(self._errors[number - 1], below, 0)
        return loss

    def _make_room(self, inputs: torch.Tensor) -> None:
        self._one = inputs.new_ones(())
        self._outputs = [inputs.new_empty(len(inputs), len(weight)) for weight in self._weights]
        self._errors = [torch.empty_like(output) for output in self._outputs[:-1]]


def _layers(model: nn.Module) -> list[nn.Linear]:
    return [layer for layer in model.children() if isinstance(layer, nn.Linear)]


def _flattens(module: nn.Module | None) -> bool:
    """Return whether the module makes vectors of a batch's inputs."""
    return type(module) is nn.Flatten and (module.start_dim, module.end_dim) == (1, -1)


def _hooked(module: nn.Module) -> bool:
    """Return whether the module has hooks or a `forward` of its own, which only a call of it would run."""
    return "forward" in vars(module) or any(
        (
            module._forward_hooks,
            module._forward_pre_hooks,
            module._backward_hooks,
            module._backward_pre_hooks,
        )
    )

"""BatchNorm of stacked networks: one kernel normalises the channels of all of them.

By itself `vmap` normalises with weights of one and zero and applies the networks' own afterwards, so activations are
read and written three times as often; and where images are bfloat16, so are those weights, which cuDNN refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class AllChannels(TorchFunctionMode):
    """Within this context, `F.batch_norm` under `vmap` normalises the channels of all networks together."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a function of PyTorch, or another one in its place."""
        if func is F.batch_norm:
            return _together(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _together(
    inputs: torch.Tensor,
    mean: torch.Tensor | None,
    variance: torch.Tensor | None,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Take the arguments of `F.batch_norm`."""
    return _Together.apply(inputs, mean, variance, weight, bias, training, momentum, eps)


class _Together(torch.autograd.Function):
    @staticmethod
    def forward(*args: Any) -> torch.Tensor:
        return F.batch_norm(*args)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Keep nothing: PyTorch itself finds the gradients of what `vmap` calls."""

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> NoReturn:
        raise NotImplementedError("Only networks that are stacked are normalised together.")

    @staticmethod
    def vmap(info: Any, in_dims: Sequence[int | None], *args: Any) -> tuple[torch.Tensor, int]:
        inputs, *vectors = args[:5]
        if in_dims[0] is None:  # a network that begins with it
            inputs = inputs.unsqueeze(1).expand(-1, info.batch_size, *inputs.shape[1:])
        else:
            inputs = inputs.movedim(in_dims[0], 1)
        mean, variance, weight, bias = (
            None if vector is None else _of_all(vector, dim, info.batch_size)
            for vector, dim in zip(vectors, in_dims[1:5], strict=True)
        )
        outputs = F.batch_norm(inputs.flatten(1, 2), mean, variance, weight, bias, *args[5:])
        return outputs.view(len(outputs), info.batch_size, -1, *outputs.shape[2:]), 1


def _of_all(vector: torch.Tensor, dim: int | None, networks: int) -> torch.Tensor:
    """Return what the channels of all networks have, as one vector: a view of a stack, which may be written to."""
    stack = vector.expand(networks, -1) if dim is None else vector.movedim(dim, 0)
    return stack.flatten()

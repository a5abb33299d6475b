"""Networks as one: their weights lie in stacks, and one operation computes a layer of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch.func import vmap

from scyc.engines.batch_norm import AllChannels
from scyc.engines.captured import LockStep
from scyc.engines.demands import objection_to_lock_step
from scyc.optimizer_state import start_state
from scyc.state import Replaced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from scyc.engines.engine import Steps
    from scyc.training.learner import Learner
    from scyc.training.recipe import Recipe


class Stacked:
    """One forward pass, one backward pass and one step of SGD for all networks (`torch.func.vmap`)."""

    largest = 64

    def objection(self, model: nn.Module, recipe: Recipe, device: torch.device) -> str | None:
        """Return why it does not train such networks on such a device, as a clause; None where it does."""
        if device.type != "cuda":
            return "on a CPU a network's numbers would depend on those that it is stacked with"
        if recipe.optimizer.kind != "sgd":
            return "it knows no optimizer but sgd"
        return objection_to_lock_step(model, recipe)

    def lay_out(self, model: nn.Module) -> None:
        """Leave everything as it is: the weights are about to be stacked."""

    def bind(self, learners: Sequence[Learner]) -> Steps:
        """Return what takes the steps of these networks."""
        return _Stacks(learners)


class _Stacks(LockStep):
    """The networks' parameters, gradients, buffers and momenta become views into the stacks.

    So whoever reads or changes a network reads or changes its part of the stack.
    """

    def __init__(self, learners: Sequence[Learner]) -> None:
        super().__init__(learners)
        models = [learner.model for learner in learners]
        self._network, self._recipe = Replaced(models[0]), learners[0].recipe
        self._buffers = _stack([dict(model.named_buffers()) for model in models])
        self._weights = _stack([dict(model.named_parameters()) for model in models])
        trained = {name for name, weight in models[0].named_parameters() if weight.requires_grad}
        self._gradients = {name: torch.zeros_like(self._weights[name]) for name in self._weights if name in trained}
        self._momenta = self._stack_momenta()
        self._masks = {
            name: torch.stack([learner.masks.kept[name] for learner in learners]).to(stack.device, stack.dtype)
            for name, stack in self._weights.items()
            if name in learners[0].masks.kept
        }
        for member, model in enumerate(models):
            for name, buffer in model.named_buffers():
                buffer.data = self._buffers[name][member]
            for name, weight in model.named_parameters():
                weight.data = self._weights[name][member]
                if name in trained:
                    weight.grad = self._gradients[name][member]
        for name in trained:
            self._weights[name].requires_grad_()
        self.record([*self._weights.values(), *self._buffers.values(), *self._momenta.values()])

    def take(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Take a step with all networks at once; return the losses."""
        all_losses = vmap(self._loss, in_dims=(0, 0, None, None), randomness="same")
        with self._recipe.autocast(inputs.device), AllChannels():
            losses: torch.Tensor = all_losses(self._weights, self._buffers, inputs, targets)
        wanted = [self._weights[name] for name in self._gradients]
        gradients = torch.autograd.grad(losses.sum(), wanted, allow_unused=True)
        found = {
            name: gradient for name, gradient in zip(self._gradients, gradients, strict=True) if gradient is not None
        }
        torch._foreach_copy_([self._gradients[name] for name in found], list(found.values()))
        self._descend(list(found))
        return losses.detach()

    @torch.no_grad()
    def _descend(self, names: list[str]) -> None:
        """Take a step of SGD, every network with its own learning rate, and apply the masks.

        Args:
            names: the parameters that have gradients; the others stay as they are, without weight decay.
        """
        settings = self._recipe.optimizer
        weights, gradients = ([tensors[name] for name in names] for tensors in (self._weights, self._gradients))
        changes = list(torch._foreach_add(gradients, weights, alpha=settings.weight_decay))
        if self._momenta:
            momenta = [self._momenta[name] for name in names]
            torch._foreach_mul_(momenta, settings.momentum)
            torch._foreach_add_(momenta, changes)
            if settings.nesterov:
                torch._foreach_add_(changes, momenta, alpha=settings.momentum)
            else:
                changes = momenta
        for weight, change in zip(weights, changes, strict=True):
            rate = self.rates.now.to(weight.dtype).view(-1, *[1] * (weight.dim() - 1))
            weight.addcmul_(change, rate, value=-1)
        torch._foreach_mul_([self._weights[name] for name in self._masks], list(self._masks.values()))

    def _loss(
        self,
        weights: dict[str, torch.Tensor],
        buffers: dict[str, torch.Tensor],
        inputs: torch.Tensor,
        targets: torch.Tensor,
    ) -> torch.Tensor:
        return F.cross_entropy(self._network({**weights, **buffers}, inputs), targets)

    def _stack_momenta(self) -> dict[str, torch.Tensor]:
        if self._recipe.optimizer.momentum == 0:
            return {}
        kind, remembered = "momentum_buffer", []
        for learner in self.learners:
            start_state(learner.optimizer)
            state = learner.optimizer.state
            remembered.append({name: state[weight][kind] for name, weight in learner.model.named_parameters()})
        stacks = _stack(remembered)
        for member, learner in enumerate(self.learners):
            for name, weight in learner.model.named_parameters():
                learner.optimizer.state[weight][kind] = stacks[name][member]
        return stacks


def _stack(states: Sequence[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    return {name: torch.stack([state[name].detach() for state in states]) for name in states[0]}

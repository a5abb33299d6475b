"""One small training step with an engine, and how far two of them are apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from scyc.engines.eager import gradients_of
from scyc.pruning import Masks
from scyc.randomness import seeded, stream
from scyc.state import copy_state
from scyc.training.learner import Learner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import nn

    from scyc.data import Dataset
    from scyc.engines import Engine
    from scyc.protocol import Protocol
    from scyc.training.recipe import Recipe
    from scyc.training.result import State

EXAMPLES = 8
"""In the batch of a step, at most."""

MAX_LR = (0.1, 0.05)
"""Of the networks that take a step together."""

TOLERANCE = {("cpu", "fp32"): 1e-3, ("cuda", "fp32"): 2e-2, ("cpu", "bf16"): 0.1, ("cuda", "bf16"): 0.1}
"""By how much of the whole gradient's norm, or of the whole step's, two steps may be apart in one parameter.

Engines add up in other orders, convolutions on a GPU round to ten bits (TF32), bf16 to eight.
"""


@dataclass(frozen=True)
class Step:
    """A network after one step.

    Attributes:
        loss: before the step.
        before: the network's state before it, pruned weights at zero.
        after: the state after it.
        gradients: by parameter; None where the step gave none.
        masks: which weights are left.
    """

    loss: float
    before: State
    after: State
    gradients: dict[str, torch.Tensor | None]
    masks: Masks

    @property
    def loss_is_finite(self) -> bool:
        """Whether the loss is a number."""
        return math.isfinite(self.loss)


class Steps:
    """Takes the step of a level's largest learning rate on the first few training examples, half the weights pruned.

    Args:
        protocol: workload, recipe and pruning.
        data: the workload's data.
        device: to take the steps on.
    """

    def __init__(self, protocol: Protocol, data: Dataset, device: torch.device) -> None:
        self.protocol, self.device = protocol, device
        self._steps = protocol.recipe.steps(len(data.train))
        count = min(EXAMPLES, protocol.recipe.batch_size)
        inputs, targets = next(iter(data.train.batches(count, torch.arange(count))))
        self.inputs, self.targets = inputs.to(device), targets.to(device)

    @torch.no_grad()
    def logits(self, model: nn.Module, size: int) -> object:
        """Return what a network makes of the first `size` examples when it is evaluated."""
        model.to(self.device)
        model.eval()
        with self.protocol.recipe.autocast(self.device), seeded("model", 0, 0, device=self.device):
            return model(self.inputs[:size])

    def augmented(self) -> torch.Tensor:
        """Return the examples as a step gets them."""
        augmentation, inputs = self.protocol.workload.augmentation, self.inputs.clone()  # it may work in place
        if augmentation is None:
            return inputs
        with seeded("model", 0, 0, device=self.device):
            return augmentation(inputs, stream("augmentation", 0, 0, device=self.device))

    def gradients(self) -> Step:
        """Return a network after the reference's forward and backward pass, without the optimizer's part of a step."""
        model, masks = self._network()
        masks.bind(model).apply()
        before = copy_state(model)
        model.train()
        with seeded("model", 0, 0, device=self.device):
            loss = gradients_of(model, self.protocol.recipe, self.device)(self.augmented(), self.targets)
        return Step(loss.item(), before, copy_state(model), _gradients(model), masks)

    def take(self, engine: Engine, count: int, first: int = 0) -> list[Step]:
        """Return `count` networks after one step together, with the rates of `MAX_LR` from the one at `first` on."""
        learners = [self._learner(engine, max_lr) for max_lr in MAX_LR[first : first + count]]
        before = [copy_state(learner.model) for learner in learners]
        rates = learners[0].rates
        step = rates.index(max(rates))
        inputs = self.augmented()
        with seeded("model", 0, 0, device=self.device):
            steps = engine.bind(learners)
            for learner in learners:
                learner.begin_epoch()
            losses = steps(inputs, self.targets, step).tolist()
        return [
            Step(loss, former, copy_state(learner.model), _gradients(learner.model), learner.masks)
            for loss, former, learner in zip(losses, before, learners, strict=True)
        ]

    def _learner(self, engine: Engine, max_lr: float) -> Learner:
        model, masks = self._network()
        engine.lay_out(model)
        return Learner(model, masks, self.protocol.recipe, self._steps, max_lr=max_lr)

    def _network(self) -> tuple[nn.Module, Masks]:
        """Return a new network, and masks that half of its weights are left in."""
        with seeded("init", 0, device=self.device):
            model = self.protocol.workload.build_model().to(self.device)
        generator = stream("half of the weights")
        half = {
            name: (torch.rand(mask.shape, generator=generator) < 0.5).to(self.device)
            for name, mask in Masks.dense(model, self.protocol.prunable(model)).kept.items()
        }
        return model, Masks(half)


def difference(reference: Step, other: Step, recipe: Recipe, device: torch.device) -> str | None:
    """Return in what two steps differ by more than `TOLERANCE`, as a clause; None where they do not.

    AdamW divides a gradient by its own size, so that of a gradient near zero the sign is chance: its steps are not
    compared, but their gradients are.
    """
    tolerance = TOLERANCE[device.type, recipe.precision]
    if not math.isclose(reference.loss, other.loss, rel_tol=tolerance, abs_tol=tolerance):
        return f"the loss is {other.loss:.6g} instead of {reference.loss:.6g}"
    for name, mask in other.masks.kept.items():
        if other.after[name][~mask].any():
            return f"pruned weights of {name} are not zero"
    whole = _norm(reference.gradients.values())
    for name, gradient in reference.gradients.items():
        if _norm([_minus(other.gradients[name], gradient)]) > tolerance * whole:
            return f"the gradient of {name} is another one"
    moved = {name: reference.after[name] - reference.before[name] for name in reference.gradients}
    whole = _norm(moved.values())
    for name, move in moved.items():
        found = other.after[name] - other.before[name]
        size = _norm([reference.before[name]])
        if bool(found.any()) != bool(move.any()) and _norm([found - move]) > 1e-6 * size:
            return f"{name} is {'' if found.any() else 'not '}trained"
        slack = tolerance * whole + 1e-5 * size
        if recipe.optimizer.kind == "sgd" and _norm([found - move]) > slack:
            return f"the step of {name} is another one"
    for name in reference.after.keys() - reference.gradients.keys():
        ours, theirs = reference.after[name].double(), other.after[name].double()
        if not torch.allclose(ours, theirs, rtol=tolerance, atol=tolerance, equal_nan=True):
            return f"the buffer {name} is another one"
    return None


def _gradients(model: nn.Module) -> dict[str, torch.Tensor | None]:
    return {
        name: None if parameter.grad is None else parameter.grad.detach().clone()
        for name, parameter in model.named_parameters()
    }


def _minus(one: torch.Tensor | None, other: torch.Tensor | None) -> torch.Tensor | None:
    if one is None or other is None:
        return one if other is None else other
    return one - other


def _norm(tensors: Iterable[torch.Tensor | None]) -> float:
    return math.sqrt(math.fsum(float(tensor.double().square().sum()) for tensor in tensors if tensor is not None))

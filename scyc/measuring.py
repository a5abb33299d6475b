"""What can be measured on a network when one of its pruning levels begins, for schedules that need it.

A measurement is a pure function of its arguments: it works on a network of its own, which is thrown away, and draws
from the streams that the level's training draws from. On a CPU, with a given number of threads, it is the same to the
bit however often and wherever it is made.
"""

from __future__ import annotations

import math
from itertools import count, islice
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from scyc.errors import InputError
from scyc.measured_schedules import Measured
from scyc.optimizer_state import restore_optimizer
from scyc.randomness import seeded, stream
from scyc.trial import begin_level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scyc.data import Dataset
    from scyc.measured_schedules import Measurement
    from scyc.protocol import Checkpoint, Protocol
    from scyc.training.result import Snapshot
    from scyc.trial import LevelStart

GRADIENT_BATCHES = 8
"""Mini-batches whose gradients are looked at."""

LOWEST_RATE, HIGHEST_RATE = 1e-4, 10.0
"""Between which a range test raises the learning rate."""

RANGE_TEST_STEPS = 100
"""Fewest steps of a range test; it has as many as an epoch, if those are more."""

SMOOTHING, BLOW_UP = 0.98, 4.0
"""Of a range test, fastai's: decay of the loss's moving average, and the multiple of its best that ends the test."""


def measure(
    kind: Measurement,
    protocol: Protocol,
    data: Dataset,
    *,
    seed: int,
    level: int,
    parent: Checkpoint | None = None,
    rewind_point: Snapshot | None = None,
) -> Measured:
    """Measure one thing at the beginning of a pruning level.

    * "norm-drop": ||W - W_pruned|| / ||W|| of the pruning that begins the level, over all parameters (weights, biases,
      BatchNorm's included), 0 at level 0. As in BIMP (Zimmer, Spiegel, Pokutta, ICLR 2023; github.com/ZIB-IOL/BIMP).
    * "gradient-std": standard deviation of the loss's gradients with respect to the prunable weights that are left,
      over the first eight mini-batches of the level, at the weights that it starts from (no step is taken, weight
      decay is no part of it, BatchNorm is in training mode). Liu, Tan, Motani (arXiv 2110.08764) look at this
      distribution; its sample is this project's choice.
    * "range-test": L. N. Smith, "Cyclical Learning Rates for Training Neural Networks" (WACV 2017), as fastai's
      `lr_find` does it: the learning rate rises exponentially from `LOWEST_RATE` to `HIGHEST_RATE` over an epoch, at
      least `RANGE_TEST_STEPS` steps, with the level's optimizer, masks and mini-batches; the loss is smoothed by a
      bias-corrected moving average; the test ends early when that is more than `BLOW_UP` times its smallest value so
      far, or not finite. Found is the rate at its smallest value, divided by ten (fastai's rule `minimum`): from
      1e-5, when no rate lowered the loss, to 1, when none was too large.

    Args:
        kind: what to measure.
        protocol: workload, recipe and pruning.
        data: the workload's data on the device to measure on.
        seed: of the trial, >= 0.
        level: 0 for the dense network.
        parent: as for `scyc.trial.run_trial`.
        rewind_point: as for `scyc.trial.run_trial`.

    Raises:
        InputError: when there is no such measurement, a level above 0 has no parent or no rewind point, the training
            split is smaller than a batch, or what is measured has no value: a network that is all zeros, gradients
            that vanish or are not finite, a loss that is infinite from the first step.
    """
    steps_per_epoch = protocol.recipe.steps(len(data.train)) // protocol.recipe.epochs
    start = begin_level(protocol, data, seed=seed, level=level, parent=parent, rewind_point=rewind_point)
    batches = _batches(protocol, data, seed=seed, level=level)
    where = f"of level {level} with seed {seed}"
    device = data.train.device
    match kind:
        case "norm-drop":
            return Measured(_norm_drop(start, parent if level else None, where), 0.0)
        case "gradient-std":
            with seeded("model", seed, level, device=device):
                spread = _gradient_std(start, islice(batches, GRADIENT_BATCHES), where)
            return Measured(spread, GRADIENT_BATCHES / steps_per_epoch)
        case "range-test":
            rates = _rising(max(steps_per_epoch, RANGE_TEST_STEPS))
            with seeded("model", seed, level, device=device):
                smoothed = _smoothed_losses(protocol, start, batches, rates)
            return Measured(_suggested(rates, smoothed, where), len(smoothed) / steps_per_epoch)
        case _:
            raise InputError(f"There is no measurement {kind!r}: choose norm-drop, gradient-std or range-test.")


def _norm_drop(start: LevelStart, parent: Checkpoint | None, where: str) -> float:
    if parent is None:  # level 0
        return 0.0
    whole = removed = 0.0
    for name, _ in start.model.named_parameters():
        squares = parent.state[name].double().square()
        whole += squares.sum().item()
        if name in start.masks.kept:
            removed += squares[~start.masks.kept[name]].sum().item()
    if not 0 < whole < math.inf:
        raise InputError(
            f"The norm drop {where} cannot be measured, because the norm of the network that is pruned is "
            f"{math.sqrt(whole)}; its training at the level before did not end in a usable network."
        )
    return math.sqrt(removed / whole)


def _gradient_std(start: LevelStart, batches: Iterator[tuple[torch.Tensor, torch.Tensor]], where: str) -> float:
    start.model.train()
    start.masks.bind(start.model).apply()
    weights = [start.model.get_parameter(name) for name in start.masks.kept]
    kept = list(start.masks.kept.values())
    size, total, squares = 0, 0.0, 0.0
    for inputs, targets in batches:
        gradients = torch.autograd.grad(
            F.cross_entropy(start.model(inputs), targets), weights, allow_unused=True, materialize_grads=True
        )
        left = torch.cat([gradient[mask] for gradient, mask in zip(gradients, kept, strict=True)]).double()
        size += len(left)
        total += left.sum().item()
        squares += left.square().sum().item()
    variance = squares / size - (total / size) ** 2
    spread = math.sqrt(variance) if variance > 0 else variance
    if not 0 < spread < math.inf:
        raise InputError(
            f"The standard deviation of the gradients {where} is {spread}; the network cannot learn from where it "
            "starts."
        )
    return spread


def _smoothed_losses(
    protocol: Protocol,
    start: LevelStart,
    batches: Iterator[tuple[torch.Tensor, torch.Tensor]],
    rates: list[float],
) -> list[float]:
    """Return the smoothed loss at each rate; the last one is where the test ended, and may not be finite."""
    model = start.model
    model.train()
    optimizer = protocol.recipe.optimizer.build(model)
    restore_optimizer(optimizer, model, start.optimizer or {})
    start.masks.bind(model).attach(optimizer)
    average, best, smoothed = 0.0, math.inf, list[float]()
    for step, (rate, (inputs, targets)) in enumerate(zip(rates, batches, strict=False), start=1):
        for group in optimizer.param_groups:
            group["lr"] = rate
        model.zero_grad()  # the optimizer's own imports PyTorch's compiler
        with protocol.recipe.autocast(inputs.device):
            loss = F.cross_entropy(model(inputs), targets)
        average = SMOOTHING * average + (1 - SMOOTHING) * loss.item()
        smoothed.append(average / (1 - SMOOTHING**step))
        best = min(best, smoothed[-1])
        if not (math.isfinite(smoothed[-1]) and smoothed[-1] <= BLOW_UP * best):
            break
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return smoothed


def _suggested(rates: list[float], smoothed: list[float], where: str) -> float:
    if not math.isfinite(smoothed[0]):
        raise InputError(
            f"The range test {where} found no learning rate, because the loss is {smoothed[0]} before the first step."
        )
    best = min(loss for loss in smoothed if math.isfinite(loss))
    return rates[smoothed.index(best)] / 10


def _rising(steps: int) -> list[float]:
    return [LOWEST_RATE * (HIGHEST_RATE / LOWEST_RATE) ** (step / (steps - 1)) for step in range(steps)]


def _batches(
    protocol: Protocol, data: Dataset, *, seed: int, level: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield inputs and targets of the mini-batches of `scyc.training.loop.train`, epoch after epoch without end."""
    split, size = data.train, protocol.recipe.batch_size
    generator = stream("augmentation", seed, level, device=split.device)
    augmentation = protocol.workload.augmentation
    for epoch in count():
        order = torch.randperm(len(split), generator=stream("order", seed, level, epoch))
        for inputs, targets in split.batches(size, order[: len(split) // size * size]):
            if augmentation is not None:
                inputs = augmentation(inputs, generator)
            yield inputs, targets

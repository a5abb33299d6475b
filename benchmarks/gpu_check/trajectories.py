"""Networks after some steps, trained by one engine or another on the same batches."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch

from scyc.engines import find_engine
from scyc.randomness import seeded, stream
from scyc.state import copy_state
from scyc.trial import Member, make_learner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scyc.data import Dataset
    from scyc.protocol import Protocol
    from scyc.training.result import State


class Mark(NamedTuple):
    """One network after some steps."""

    loss: float
    start: State
    state: State


def trajectory(
    name: str, protocol: Protocol, data: Dataset, rates: Sequence[float], marks: Sequence[int]
) -> dict[int, list[Mark]]:
    """Return networks after each number of steps in `marks`, one per rate: together if the engine can, else in turn."""
    engine = find_engine(name)
    if engine.largest == 1 and len(rates) > 1:
        alone = [trajectory(name, protocol, data, [rate], marks) for rate in rates]
        return {mark: [found[mark][0] for found in alone] for mark in marks}
    device, recipe = data.train.device, protocol.recipe
    learners = [make_learner(Member(protocol, rate), data, seed=0, level=0, engine=engine) for rate in rates]
    starts = [copy_state(learner.model) for learner in learners]
    generator = stream("augmentation", 0, 0, device=device)
    taken, found = 0, dict[int, list[Mark]]()
    last = learners[0].rates.index(max(learners[0].rates))
    with seeded("model", 0, 0, device=device):
        take = engine.bind(learners)
        for learner in learners:
            learner.begin_epoch()
        while taken < max(marks):
            order = torch.randperm(len(data.train), generator=stream("order", 0, 0, taken))
            for inputs, targets in data.train.batches(
                recipe.batch_size, order[: len(order) // recipe.batch_size * recipe.batch_size]
            ):
                augmentation = protocol.workload.augmentation
                losses = take(
                    inputs if augmentation is None else augmentation(inputs, generator),
                    targets,
                    min(taken + last // 2, last),
                )
                taken += 1
                if taken in marks:
                    states = [copy_state(learner.model) for learner in learners]
                    found[taken] = [Mark(*one) for one in zip(losses.tolist(), starts, states, strict=True)]
                if taken == max(marks):
                    break
    return found


def apart(one: Mark, other: Mark) -> float:
    """Return how far two networks are apart, as a share of how far the second one has moved."""
    moved = _norm([other.state[name] - other.start[name] for name in other.state])
    return _norm([one.state[name] - other.state[name] for name in other.state]) / max(moved, 1e-30)


def _norm(tensors: Sequence[torch.Tensor]) -> float:
    numbers = [tensor for tensor in tensors if tensor.is_floating_point()]
    return math.sqrt(math.fsum(float(tensor.double().square().sum()) for tensor in numbers))

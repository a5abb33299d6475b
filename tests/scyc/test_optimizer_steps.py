from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from scyc.optimizer_state import optimizer_state, restore_optimizer, set_momentum
from scyc.optimizer_steps import OptimizerSteps
from scyc.optimizers import OptimizerSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch.optim import Optimizer

STEPS = 6


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(7, 5), nn.ReLU(), nn.Linear(5, 3))


def trained(
    settings: OptimizerSettings, steps_of: Callable[[Optimizer], Callable[[], object]], *, unused: range, zero: range
) -> dict[str, torch.Tensor]:
    """Weights and what the optimizer remembers after `STEPS` steps of various rates and momenta, half of them resumed.

    In the steps of `unused` a bias has no gradient, in those of `zero` there is no momentum, which
    Nesterov's cannot do without.
    """
    model = network()
    generator = torch.Generator().manual_seed(1)
    remembered: dict[str, torch.Tensor] = {}
    for part in (range(STEPS // 2), range(STEPS // 2, STEPS)):
        optimizer = settings.build(model)
        restore_optimizer(optimizer, model, remembered)
        take = steps_of(optimizer)
        for step in part:
            optimizer.param_groups[0]["lr"] = 0.1 / (step + 1)
            if settings.momentum:
                set_momentum(
                    optimizer.param_groups[0], 0.0 if step in zero and not settings.nesterov else 0.9 - 0.1 * step
                )
            for name, weight in model.named_parameters():
                skipped = step in unused and name == "2.bias"
                weight.grad = None if skipped else torch.randn(weight.shape, generator=generator)
            take()
        remembered = optimizer_state(optimizer, model)
    return dict(model.state_dict()) | remembered


@pytest.mark.parametrize(("unused", "zero"), [((0, 0), (0, 0)), ((2, 4), (0, 0)), ((0, 0), (1, 2))])
@pytest.mark.parametrize(
    "settings",
    [
        OptimizerSettings(),
        OptimizerSettings(nesterov=True, weight_decay=0.0),
        OptimizerSettings(momentum=0.0),
        OptimizerSettings(kind="adamw"),
    ],
    ids=["momentum", "nesterov", "plain", "adamw"],
)
def test_steps_are_the_optimizers_own_to_the_bit(
    settings: OptimizerSettings, unused: tuple[int, int], zero: tuple[int, int]
) -> None:
    found, expected = (
        trained(settings, steps_of, unused=range(*unused), zero=range(*zero))
        for steps_of in (lambda optimizer: OptimizerSteps(optimizer).take, lambda optimizer: optimizer.step)
    )
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name


def test_the_optimizer_is_asked_for_the_first_step_alone() -> None:
    model = network()
    optimizer = OptimizerSettings().build(model)
    asked: list[int] = []
    optimizer.register_step_pre_hook(lambda *_: asked.append(1))
    steps = OptimizerSteps(optimizer)
    for _ in range(3):
        for weight in model.parameters():
            weight.grad = torch.ones_like(weight)
        steps.take()
    assert asked == [1]

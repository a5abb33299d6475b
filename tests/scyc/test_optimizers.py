from __future__ import annotations

import pytest
import torch
from torch import nn

from scyc import InputError, LevelLR, OneCycle
from scyc.optimizer_state import has_momentum, set_momentum
from scyc.optimizers import OptimizerSettings
from scyc.schedules import Constant


def parameters() -> nn.Linear:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Linear(3, 2)


def step(optimizer: torch.optim.Optimizer, model: nn.Linear) -> None:
    for group in optimizer.param_groups:
        group["lr"] = 0.1
    model(torch.ones(1, 3)).square().sum().backward()
    optimizer.step()


def test_the_settings_are_those_of_pytorch() -> None:
    ours, theirs = parameters(), parameters()
    step(OptimizerSettings("adamw", momentum=0.8, beta2=0.9, weight_decay=0.1).build(ours), ours)
    step(torch.optim.AdamW(theirs.parameters(), betas=(0.8, 0.9), weight_decay=0.1), theirs)
    torch.testing.assert_close(ours.weight, theirs.weight)


def test_without_its_decorators_an_optimizer_takes_the_same_steps_to_the_bit() -> None:
    for settings, theirs, options in [
        (OptimizerSettings("adamw"), torch.optim.AdamW, {}),
        (OptimizerSettings(nesterov=True), torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    ]:
        model, twin = parameters(), parameters()
        optimizer = settings.build(model)
        plain = theirs(twin.parameters(), weight_decay=5e-4, fused=True, **options)
        for _ in range(3):
            step(optimizer, model)
            step(plain, twin)
        assert isinstance(optimizer, theirs)
        assert torch.equal(model.weight, twin.weight)
        assert not torch.equal(model.weight, parameters().weight)


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_momentum_reaches_either(kind: str) -> None:
    [group] = OptimizerSettings(kind).build(parameters()).param_groups  # type: ignore[arg-type]
    assert has_momentum(group)
    set_momentum(group, 0.5)
    assert (group["betas"] if kind == "adamw" else (group["momentum"], 0.999)) == (0.5, 0.999)


def test_a_cycled_momentum_is_adams_first_beta() -> None:
    optimizer = OptimizerSettings("adamw").build(parameters())
    scheduler = LevelLR(optimizer, Constant(0.1), 20, OneCycle(start=0.3, momentum=(0.85, 0.95)))
    betas = []
    for _ in range(20):
        betas.append(optimizer.param_groups[0]["betas"])
        optimizer.step()
        scheduler.step()
    assert betas[0] == (0.95, 0.999)
    assert betas[6] == (0.85, 0.999)
    assert betas[3][0] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"kind": "adam"}, "no optimizer 'adam'"), ({"kind": "adamw", "nesterov": True}, "no Nesterov")],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        OptimizerSettings(**settings)  # type: ignore[arg-type]

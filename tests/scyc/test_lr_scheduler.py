from __future__ import annotations

import doctest
import io
from typing import TYPE_CHECKING, Any

import pytest
import torch

import scyc.lr_scheduler
from scyc import Constant, InputError, LevelLR, Linear, OneCycle, Profile, SCyc, WarmupStep
from scyc.randomness import stream

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEDULE = SCyc(0.03, 0.04)
PROFILE = WarmupStep(0.3, (0.5, 0.8))
STEPS = 10
CYCLING = OneCycle(0.4, momentum=(0.8, 0.9))
FACTORS = [0, 1 / 3, 2 / 3, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01]  # of PROFILE, one for each of STEPS


class Loop:
    """Somebody's own training loop."""

    def __init__(self, level: int = 0, profile: Profile = PROFILE) -> None:
        self.weight = torch.nn.Parameter(torch.linspace(-1, 1, 5))
        self.optimizer = torch.optim.SGD([self.weight], lr=123.0, momentum=0.9, weight_decay=1e-2)
        self.scheduler = LevelLR(self.optimizer, SCHEDULE, STEPS, profile, level)
        self.rates: list[float] = []
        self.momenta: list[float] = []

    def run(self, steps: Iterable[int]) -> None:
        for step in steps:
            target = torch.randn(5, generator=stream("target", step))
            self.optimizer.zero_grad()
            loss = ((self.weight - target) ** 2).sum()
            loss.backward()  # type: ignore[no-untyped-call]
            self.rates.append(self.optimizer.param_groups[0]["lr"])
            self.momenta.append(self.optimizer.param_groups[0]["momentum"])
            self.optimizer.step()
            self.scheduler.step()


def test_rate_is_schedule_times_profile_over_several_levels() -> None:
    loop = Loop()
    loop.run(range(5 * STEPS))
    assert loop.rates == pytest.approx([SCHEDULE(level) * factor for level in range(5) for factor in FACTORS])
    assert loop.scheduler.level == 5


def test_starts_at_any_level() -> None:
    loop = Loop(level=4)
    assert loop.scheduler.level == 4
    loop.run(range(STEPS + 1))
    assert loop.rates == pytest.approx([SCHEDULE(4) * factor for factor in FACTORS] + [0.0])
    assert loop.scheduler.level == 5


def test_default_profile_is_the_papers() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    scheduler = LevelLR(optimizer, Constant(0.5), STEPS)
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert rates == pytest.approx([0.5 * factor for factor in FACTORS])


def test_every_parameter_group_gets_the_same_rate() -> None:
    weights = [torch.nn.Parameter(torch.ones(1)) for _ in range(3)]
    groups: list[dict[str, Any]] = [{"params": [weight]} for weight in weights]
    groups[1]["lr"], groups[2]["weight_decay"] = 7.0, 0.1
    optimizer = torch.optim.SGD(groups, lr=1.0)
    scheduler = LevelLR(optimizer, Constant(0.4), 4, Linear())
    for expected in (0.4, 0.3, 0.2, 0.1, 0.4):
        assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([expected] * 3)
        assert scheduler.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
        optimizer.step()
        scheduler.step()
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0, 0, 0.1]


def test_start_level_begins_that_level_at_once() -> None:
    loop = Loop()
    loop.run(range(7))
    loop.rates.clear()
    loop.scheduler.start_level(5)
    assert loop.scheduler.level == 5
    assert loop.scheduler.get_last_lr() == [0.0]
    loop.run(range(2 * STEPS))
    assert loop.rates == pytest.approx([SCHEDULE(level) * factor for level in (5, 6) for factor in FACTORS])


def test_momentum_follows_the_profile_over_several_levels() -> None:
    loop = Loop(profile=CYCLING)
    loop.run(range(2 * STEPS))
    cycle = [CYCLING.momentum_at(step / STEPS) for step in range(STEPS)]
    assert loop.momenta == cycle * 2
    assert [loop.momenta[step] for step in (0, 2, 4, 7)] == pytest.approx([0.9, 0.85, 0.8, 0.85])
    loop.run(range(3))
    loop.momenta.clear()
    loop.scheduler.start_level(5)
    loop.run(range(STEPS))
    assert loop.momenta == cycle


def test_every_parameter_group_gets_the_same_momentum() -> None:
    groups: list[dict[str, Any]] = [{"params": [torch.nn.Parameter(torch.ones(1))], "momentum": m} for m in (0.1, 0.2)]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    LevelLR(optimizer, SCHEDULE, STEPS, CYCLING)
    assert [group["momentum"] for group in optimizer.param_groups] == [0.9, 0.9]


def test_momentum_is_left_alone_unless_the_profile_gives_one() -> None:
    loop = Loop(profile=OneCycle())
    loop.run(range(STEPS))
    assert set(loop.momenta) == {0.9}


def test_the_scheduler_alone_restores_the_momentum() -> None:
    before = Loop(profile=CYCLING)
    before.run(range(14))
    after = Loop(profile=CYCLING)
    after.scheduler.load_state_dict(saved(before.scheduler.state_dict()))
    assert after.optimizer.param_groups[0]["momentum"] == before.optimizer.param_groups[0]["momentum"] == 0.8


def test_an_optimizer_without_momentum_is_refused() -> None:
    optimizer = torch.optim.Adagrad([torch.nn.Parameter(torch.ones(1))])
    with pytest.raises(
        InputError, match=r"^The profile OneCycle\(.+\) cycles the momentum, but Adagrad has none; .+\.$"
    ):
        LevelLR(optimizer, SCHEDULE, STEPS, CYCLING)
    assert LevelLR(optimizer, SCHEDULE, STEPS, OneCycle()).get_last_lr() == pytest.approx([0.03 / 25])


def saved(state: dict[str, Any]) -> dict[str, Any]:
    """A state after its way through a file that may hold nothing but plain data and tensors."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded: dict[str, Any] = torch.load(file, weights_only=True)
    return loaded


@pytest.mark.parametrize("order", ["scheduler first", "optimizer first"])
@pytest.mark.parametrize("stop", [13, 17, 20])
@pytest.mark.parametrize("profile", [PROFILE, CYCLING])
def test_goes_on_identically_from_the_middle_of_a_level(order: str, stop: int, profile: Profile) -> None:
    through = Loop(2, profile)
    through.run(range(45))

    before = Loop(2, profile)
    before.run(range(stop))
    state = saved(
        {
            "weight": before.weight.detach(),
            "optimizer": before.optimizer.state_dict(),
            "scheduler": before.scheduler.state_dict(),
        }
    )
    after = Loop(0, profile)
    after.weight.data.copy_(state["weight"])
    if order == "scheduler first":
        after.scheduler.load_state_dict(state["scheduler"])
        after.optimizer.load_state_dict(state["optimizer"])
    else:
        after.optimizer.load_state_dict(state["optimizer"])
        after.scheduler.load_state_dict(state["scheduler"])
    assert after.scheduler.level == before.scheduler.level
    after.run(range(stop, 45))

    assert before.rates + after.rates == through.rates
    assert before.momenta + after.momenta == through.momenta
    assert torch.equal(after.weight, through.weight)


def test_the_scheduler_alone_restores_the_learning_rate() -> None:
    before = Loop()
    before.run(range(14))
    after = Loop()
    after.scheduler.load_state_dict(saved(before.scheduler.state_dict()))
    assert after.optimizer.param_groups[0]["lr"] == before.optimizer.param_groups[0]["lr"] != 0
    assert after.scheduler.get_last_lr() == before.scheduler.get_last_lr()


def test_a_state_with_other_steps_per_level_is_refused() -> None:
    loop = Loop()
    state = LevelLR(loop.optimizer, SCHEDULE, STEPS + 1).state_dict()
    with pytest.raises(InputError, match=r"^The saved scheduler has 11 steps per level but this one has 10; .+\.$"):
        loop.scheduler.load_state_dict(state)


@pytest.mark.parametrize("steps", [0, -1])
def test_a_level_has_at_least_one_step(steps: int) -> None:
    with pytest.raises(
        InputError, match=rf"^A level has at least one step, but steps_per_level is {steps}; give .+\.$"
    ):
        LevelLR(Loop().optimizer, SCHEDULE, steps)


def test_there_is_no_level_below_the_dense_one() -> None:
    with pytest.raises(InputError, match="A pruning level is 0"):
        Loop(level=-1)


def test_the_documented_example_runs() -> None:
    failed, attempted = doctest.testmod(scyc.lr_scheduler)
    assert (failed, attempted > 5) == (0, True)

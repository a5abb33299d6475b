from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR

from scyc import (
    PROFILES,
    ConstantProfile,
    Cosine,
    InputError,
    Linear,
    OneCycle,
    Profile,
    Step,
    Triangular,
    WarmupStep,
)
from scyc.profiles import learning_rates

fractions = st.floats(0, 1, exclude_max=True)
drops = st.lists(st.floats(0, 1, exclude_min=True, exclude_max=True), max_size=5).map(lambda ds: tuple(sorted(ds)))
profiles: st.SearchStrategy[Profile] = st.one_of(
    st.builds(ConstantProfile),
    st.builds(Step, drops),
    st.builds(WarmupStep, fractions, drops),
    st.builds(Linear, fractions),
    st.builds(Cosine, fractions, fractions),
    st.builds(Triangular, st.integers(1, 20), fractions),
    st.builds(OneCycle, st.floats(0.001, 0.999), st.floats(1, 1e300), st.floats(1, 1e300)),
)


def just_before(progress: float) -> float:
    return math.nextafter(progress, 0)


def rates_of(scheduler: LRScheduler, steps: int) -> list[float]:
    """What a scheduler of PyTorch gives to each of its first `steps` steps."""
    rates = []
    for step in range(steps):
        rates.append(float(scheduler.get_last_lr()[0]))
        if step + 1 < steps:
            scheduler.optimizer.step()
            scheduler.step()
    return rates


def sgd(lr: float) -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=lr)


@pytest.mark.parametrize(
    ("profile", "points"),
    [
        (ConstantProfile(), {0.0: 1, 0.37: 1, 1.0: 1}),
        (Step((0.5, 0.75)), {0.0: 1, 0.49: 1, 0.5: 0.1, 0.74: 0.1, 0.75: 0.01, 1.0: 0.01}),
        (Step(()), {0.0: 1, 1.0: 1}),
        (WarmupStep(0.3, (0.5, 0.8)), {0.0: 0, 0.15: 0.5, 0.3: 1, 0.4: 1, 0.5: 0.1, 0.8: 0.01, 1.0: 0.01}),
        (WarmupStep(0.0, (0.5,)), {0.0: 1, 0.5: 0.1}),
        (WarmupStep(0.5, (0.25,)), {0.2: 0.4, 0.25: 0.05, 0.5: 0.1}),  # a drop during the warm-up
        (Linear(), {0.0: 1, 0.25: 0.75, 1.0: 0}),
        (Linear(0.1), {0.0: 0, 0.05: 0.5, 0.1: 1, 0.55: 0.5, 1.0: 0}),
        (Cosine(), {0.0: 1, 1 / 3: 0.75, 0.5: 0.5, 2 / 3: 0.25, 1.0: 0}),
        (Cosine(0.2, 0.1), {0.0: 0, 0.1: 0.5, 0.2: 1, 0.6: 0.55, 1.0: 0.1}),
        (Triangular(), {0.0: 0, 0.25: 0.5, 0.5: 1, 0.75: 0.5, 1.0: 0}),
        (Triangular(2, 0.2), {0.0: 0.2, 0.125: 0.6, 0.25: 1, 0.5: 0.2, 0.75: 1, 0.875: 0.6, 1.0: 0.2}),
        (OneCycle(0.25, 10, 100), {0.0: 0.1, 0.125: 0.55, 0.25: 1, 0.625: 0.5005, 1.0: 0.001}),
    ],
)
def test_values_computed_by_hand(profile: Profile, points: dict[float, float]) -> None:
    assert {progress: profile(progress) for progress in points} == pytest.approx(points, rel=1e-12, abs=1e-12)


@given(profiles, st.floats(0, 1))
def test_never_negative_and_never_above_max_lr(profile: Profile, progress: float) -> None:
    assert 0 <= profile(progress) <= 1


@given(st.floats(0.001, 0.999))
def test_warm_up_ends_exactly_at_max_lr(warmup: float) -> None:
    for profile in (WarmupStep(warmup, ()), Linear(warmup), Cosine(warmup), OneCycle(warmup)):
        assert profile(warmup) == 1
        assert profile(warmup / 2) < 1
        assert profile(just_before(warmup)) == pytest.approx(1, abs=1e-12)


@given(drops)
def test_drops_happen_exactly_at_their_fractions(fractions: tuple[float, ...]) -> None:
    for profile in (Step(fractions), WarmupStep(0, fractions)):
        for drop in fractions:
            passed = sum(other <= drop for other in fractions)
            before = sum(other < drop for other in fractions)
            assert profile(drop) == pytest.approx(10.0**-passed)
            assert profile(just_before(drop)) == pytest.approx(10.0**-before)


@pytest.mark.parametrize("steps", [10, 100, 2000])
def test_drops_fall_on_the_step_of_that_fraction(steps: int) -> None:
    rates = learning_rates(WarmupStep(0.3, (0.5, 0.8)), 1.0, steps)
    assert rates.index(1.0) == steps * 3 // 10
    first, second = steps * 5 // 10, steps * 8 // 10
    assert rates[first - 1 : first + 1] == pytest.approx([1, 0.1])
    assert rates[second - 1 : second + 1] == pytest.approx([0.1, 0.01])


@pytest.mark.parametrize("steps", [1, 7, 100])
@pytest.mark.parametrize("final", [0.0, 0.1])
def test_cosine_is_pytorchs(steps: int, final: float) -> None:
    max_lr = 0.3
    theirs = rates_of(CosineAnnealingLR(sgd(max_lr), T_max=steps, eta_min=final * max_lr), steps)
    assert learning_rates(Cosine(final=final), max_lr, steps) == pytest.approx(theirs, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(("total", "start"), [(10, 0.3), (101, 0.3), (64, 0.5), (40, 0.25)])
def test_one_cycle_is_pytorchs_on_its_grid_of_steps(total: int, start: float) -> None:
    # PyTorch reaches the peak at step start * total - 1 and the end at its last step, total - 1: with progress counted
    # in units of total - 1 steps, the two shapes coincide.
    max_lr, div, final_div = 0.3, 20.0, 500.0
    scheduler = OneCycleLR(
        sgd(max_lr),
        max_lr,
        total_steps=total,
        pct_start=start,
        div_factor=div,
        final_div_factor=final_div,
        cycle_momentum=False,
    )
    theirs = rates_of(scheduler, total)
    profile = OneCycle((start * total - 1) / (total - 1), div, final_div)
    ours = [max_lr * profile(step / (total - 1)) for step in range(total)]
    assert ours == pytest.approx(theirs, rel=1e-9)


def test_one_cycle_differs_from_pytorchs_by_the_order_of_one_step() -> None:
    total = 1000
    theirs = rates_of(OneCycleLR(sgd(1.0), 1.0, total_steps=total, cycle_momentum=False), total)
    steepest = math.pi / 2 / (0.3 * total)  # the most that either changes in one step
    assert learning_rates(OneCycle(), 1.0, total) == pytest.approx(theirs, abs=2 * steepest)


def test_learning_rates_of_every_step() -> None:
    assert learning_rates(Linear(), 0.5, 5) == pytest.approx([0.5, 0.4, 0.3, 0.2, 0.1])
    assert learning_rates(Linear(0.5), 2.0, 4) == pytest.approx([0, 1, 2, 1])


@given(profiles, st.floats(1e-3, 10), st.integers(0, 50))
def test_there_is_a_learning_rate_for_each_step(profile: Profile, max_lr: float, steps: int) -> None:
    rates = learning_rates(profile, max_lr, steps)
    assert len(rates) == steps
    assert all(0 <= rate <= max_lr for rate in rates)


def test_profiles_by_name() -> None:
    names = ["constant", "step", "warmup-step", "linear", "cosine", "triangular", "one-cycle"]
    kinds = [ConstantProfile, Step, WarmupStep, Linear, Cosine, Triangular, OneCycle]
    assert dict(zip(names, kinds, strict=True)) == PROFILES
    for kind in PROFILES.values():
        assert isinstance(kind(), Profile)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (Step, {"drops": (0.0,)}, r"drops are fractions .+ but they are \[0\.0\]"),
        (Step, {"drops": (0.5, 1.0)}, "drops are fractions"),
        (Step, {"drops": (0.8, 0.5)}, "in ascending order"),
        (Step, {"drops": (math.nan,)}, "drops are fractions"),
        (WarmupStep, {"warmup": -0.1}, r"warmup is a fraction .+ but it is -0\.1"),
        (WarmupStep, {"warmup": 1.0}, "warmup is a fraction"),
        (WarmupStep, {"drops": (0.8, 0.5)}, "in ascending order"),
        (Linear, {"warmup": math.nan}, "warmup is a fraction"),
        (Cosine, {"warmup": 1.5}, "warmup is a fraction"),
        (Cosine, {"final": 1.0}, "final is a fraction"),
        (Triangular, {"cycles": 0}, "at least one cycle, but cycles is 0"),
        (Triangular, {"base": -1.0}, "base is a fraction"),
        (OneCycle, {"start": 0.0}, "start above 0"),
        (OneCycle, {"start": 1.0}, "start is a fraction"),
        (OneCycle, {"div": 0.5}, "div and final_div of at least 1"),
        (OneCycle, {"div": math.inf}, "div and final_div of at least 1"),
        (OneCycle, {"final_div": math.nan}, "div and final_div of at least 1"),
    ],
)
def test_fields_outside_their_range_are_refused(kind: type[Profile], fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=rf"^A .+{message}.*\.$"):
        kind(**fields)

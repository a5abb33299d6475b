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
    ScaledRestart,
    Step,
    Tail,
    Triangular,
    WarmupStep,
)
from scyc.profiles import learning_rates, momenta

fractions = st.floats(0, 1, exclude_max=True)
drops = st.lists(st.floats(0, 1, exclude_min=True, exclude_max=True), max_size=5).map(lambda ds: tuple(sorted(ds)))
shares = st.floats(0, 1)
whole_profiles: st.SearchStrategy[Profile] = st.one_of(
    st.builds(ConstantProfile),
    st.builds(Step, drops),
    st.builds(WarmupStep, fractions, drops, st.floats(0, 1, exclude_min=True)),
    st.builds(Linear, fractions),
    st.builds(Cosine, fractions, fractions),
    st.builds(Triangular, st.integers(1, 20), fractions),
    st.builds(OneCycle, st.floats(0.001, 0.999), st.floats(1, 1e300), st.floats(1, 1e300)),
    st.builds(ScaledRestart, fractions, fractions, drops),
)
profiles: st.SearchStrategy[Profile] = st.one_of(whole_profiles, st.builds(Tail, whole_profiles, shares))


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
        (ScaledRestart(), {0.0: 0.01, 0.05: 0.505, 0.1: 1, 0.54: 1, 0.55: 0.1, 0.77: 0.1, 0.775: 0.01, 1.0: 0.01}),
        (ScaledRestart(0.0, 0.5, (0.4,)), {0.0: 1, 0.39: 1, 0.4: 0.1, 1.0: 0.1}),
        (WarmupStep(0.4, (0.6,), peak=0.7), {0.0: 0, 0.2: 0.35, 0.399: 0.69825, 0.4: 1, 0.6: 0.1}),
        (Tail(Linear(), 0.5), {0.0: 0.5, 0.5: 0.25, 1.0: 0}),
        (Tail(WarmupStep(), 0.0), {0.0: 0.01, 0.3: 0.01, 1.0: 0.01}),
        (OneCycle(0.25, 10, 100), {0.0: 0.1, 0.125: 0.55, 0.25: 1, 0.625: 0.5005, 1.0: 0.001}),
    ],
)
def test_values_computed_by_hand(profile: Profile, points: dict[float, float]) -> None:
    assert {progress: profile(progress) for progress in points} == pytest.approx(points, rel=1e-12, abs=2e-12)


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
    names = ["constant", "step", "warmup-step", "linear", "cosine", "triangular", "one-cycle", "scaled-restart"]
    kinds = [ConstantProfile, Step, WarmupStep, Linear, Cosine, Triangular, OneCycle, ScaledRestart]
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
        (OneCycle, {"momentum": (0.95, 0.85)}, r"momentum is its lowest .+ but it is \[0\.95, 0\.85\]"),
        (OneCycle, {"momentum": (0.85, 1.0)}, "momentum is its lowest"),
        (OneCycle, {"momentum": (-0.1, 0.5)}, "momentum is its lowest"),
        (OneCycle, {"momentum": (0.9,)}, "momentum is its lowest"),
        (OneCycle, {"momentum": (math.nan, 0.9)}, "momentum is its lowest"),
        (WarmupStep, {"peak": 0.0}, r"peak is greater than 0 and at most 1, but it is 0\.0"),
        (WarmupStep, {"peak": 1.1}, "peak is greater than 0"),
        (WarmupStep, {"peak": math.nan}, "peak is greater than 0"),
        (ScaledRestart, {"warmup": 1.0}, "warmup is a fraction"),
        (ScaledRestart, {"initial": 1.0}, "initial is a fraction"),
        (ScaledRestart, {"drops": (0.8, 0.5)}, "in ascending order"),
        (Tail, {"profile": Linear(), "share": 1.1}, "share of its profile is from 0 to 1"),
        (Tail, {"profile": Linear(), "share": math.nan}, "share of its profile is from 0 to 1"),
    ],
)
def test_fields_outside_their_range_are_refused(kind: type[Profile], fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=rf"^A .+{message}.*\.$"):
        kind(**fields)


class TestEffectivePeak:
    """What the SILO authors' scripts do on 36,000 images in batches of 64: 563 iterations an epoch."""

    ITERATIONS = 563

    def test_resnet20_never_gets_beyond_0_704(self) -> None:
        # 20,000 iterations of warm-up, 50 epochs, drops at 25 and 32: cut off after 25 x 563 = 14,075.
        profile = WarmupStep(25 / 50, (25 / 50, 32 / 50), peak=25 * self.ITERATIONS / 20_000)
        rates = learning_rates(profile, 0.03, 50 * self.ITERATIONS)
        assert max(rates) == pytest.approx(0.704 * 0.03, rel=1e-3)
        slope = 0.03 / 20_000
        for epoch, rate in ((0, 0.0), (1, 563 * slope), (24, 24 * 563 * slope), (25, 0.003), (32, 0.0003)):
            assert rates[epoch * self.ITERATIONS] == pytest.approx(rate, rel=1e-9)
        assert rates[25 * self.ITERATIONS - 1] == pytest.approx(14_074 * slope)
        assert rates[32 * self.ITERATIONS - 1] == pytest.approx(0.003)

    def test_vgg19_jumps_to_max_lr_at_epoch_14(self) -> None:
        # 10,000 iterations of warm-up, 160 epochs, drops at 80 and 120: 14 x 563 = 7,882 have been.
        profile = WarmupStep(14 / 160, (80 / 160, 120 / 160), peak=0.7882)
        rates = learning_rates(profile, 0.04, 160 * self.ITERATIONS)
        jump = 14 * self.ITERATIONS
        assert rates[jump - 1] == pytest.approx(0.788 * 0.04, rel=1e-3)
        assert rates[jump] == rates[80 * self.ITERATIONS - 1] == 0.04
        assert rates[80 * self.ITERATIONS] == pytest.approx(0.004)
        assert rates[120 * self.ITERATIONS] == pytest.approx(0.0004)

    @given(fractions, drops, st.floats(0, 1))
    def test_none_changes_no_bit(self, warmup: float, drops: tuple[float, ...], progress: float) -> None:
        before = 1.0 if progress >= warmup else progress / warmup  # as it was computed before there was a peak
        assert WarmupStep(warmup, drops)(progress) == before * Step(drops)(progress)


def per_epoch(profile: Profile, max_lr: float, epochs: int, iterations: int = 563) -> list[float]:
    """Learning rate at the first iteration of each epoch."""
    return learning_rates(profile, max_lr, epochs * iterations)[::iterations]


class TestRetraining:
    """Le & Hua: trained for 160 epochs with learning rate 0.1, divided by ten at 80 and 120; retrained for T."""

    ORIGINAL = Step((0.5, 0.75))

    def test_lrw_of_72_epochs_drops_after_32(self) -> None:
        rates = per_epoch(Tail(self.ORIGINAL, 72 / 160), 0.1, 72)
        assert rates == pytest.approx([0.01] * 32 + [0.001] * 40)

    @pytest.mark.parametrize(("epochs", "drops"), [(40, []), (56, [16]), (72, [32]), (88, [8, 48]), (104, [24, 64])])
    def test_lrw_drops_where_the_authors_code_does(self, epochs: int, drops: list[int]) -> None:
        # T > 80: 0.1, drops at T - 80 and T - 40; 40 < T <= 80: 0.01, drop at T - 40; T <= 40: 0.001.
        rates = learning_rates(Tail(self.ORIGINAL, epochs / 160), 0.1, epochs * 563)
        changes = [step for step in range(1, len(rates)) if rates[step] != rates[step - 1]]
        assert changes == [563 * drop for drop in drops]
        assert rates[0] == pytest.approx(0.1 if epochs > 80 else 0.01 if epochs > 40 else 0.001)
        assert rates[-1] == pytest.approx(0.001)

    @given(st.integers(0, 40), st.floats(0, 1))
    def test_lrw_of_up_to_40_epochs_is_fine_tuning(self, epochs: int, progress: float) -> None:
        assert Tail(self.ORIGINAL, epochs / 160)(progress) == Tail(self.ORIGINAL, 0.0)(progress)
        assert Tail(self.ORIGINAL, 0.0)(progress) == pytest.approx(0.01)

    @given(whole_profiles, st.floats(0, 1))
    def test_the_whole_tail_is_the_profile(self, profile: Profile, progress: float) -> None:
        assert Tail(profile, 1.0)(progress) == profile(progress)

    @pytest.mark.parametrize(
        ("epochs", "warmup", "first", "second"),
        [(40, 4, 22, 31), (80, 8, 44, 62), (160, 16, 88, 124)],  # 0.1 T, then + 0.45 T and + 0.675 T
    )
    def test_slr_warms_up_and_drops_at_whole_epochs(self, epochs: int, warmup: int, first: int, second: int) -> None:
        rates = learning_rates(ScaledRestart(), 0.1, epochs * 563)
        assert rates[0] == pytest.approx(0.001)
        assert rates[warmup * 563 // 2] == pytest.approx(0.0505)
        assert rates[: warmup * 563] == sorted(rates[: warmup * 563])
        assert rates[warmup * 563] == 0.1
        changes = [step for step in range(warmup * 563 + 1, len(rates)) if rates[step] != rates[step - 1]]
        assert changes == [first * 563, second * 563]
        assert [rates[first * 563], rates[second * 563]] == pytest.approx([0.01, 0.001])

    def test_slr_of_72_epochs_is_the_authors_but_for_whole_epochs(self) -> None:
        # int(7.2) = 7, then int(32.4) = 32 and int(48.6) = 48 epochs after that; here 7.2, 39.6 and 55.8.
        rates = per_epoch(ScaledRestart(), 0.1, 72)
        assert rates[8:] == pytest.approx([0.1] * 32 + [0.01] * 16 + [0.001] * 16)

    def test_clr_goes_up_a_hundredfold_in_a_tenth_and_ends_at_1e_minus_5(self) -> None:
        profile = OneCycle(start=0.1, div=100, final_div=100, momentum=(0.85, 0.95))
        points = {0.0: 0.001, 0.05: 0.0505, 0.1: 0.1, 0.55: (0.1 + 1e-5) / 2, 1.0: 1e-5}
        assert {progress: 0.1 * profile(progress) for progress in points} == pytest.approx(points)
        momentum = {0.0: 0.95, 0.05: 0.9, 0.1: 0.85, 0.55: 0.9, 1.0: 0.95}
        assert {progress: profile.momentum_at(progress) for progress in momentum} == pytest.approx(momentum)


class TestMomentum:
    @pytest.mark.parametrize(("total", "start"), [(10, 0.3), (101, 0.3), (64, 0.5), (40, 0.25)])
    @pytest.mark.parametrize("momentum", [(0.85, 0.95), (0.0, 0.5)])
    def test_is_pytorchs_on_its_grid_of_steps(self, total: int, start: float, momentum: tuple[float, float]) -> None:
        low, high = momentum
        scheduler = OneCycleLR(sgd(1.0), 0.3, total_steps=total, pct_start=start, base_momentum=low, max_momentum=high)
        theirs, rates = [], []
        for step in range(total):
            theirs.append(float(scheduler.optimizer.param_groups[0]["momentum"]))
            rates.append(float(scheduler.get_last_lr()[0]))
            if step + 1 < total:
                scheduler.optimizer.step()
                scheduler.step()
        profile = OneCycle((start * total - 1) / (total - 1), momentum=momentum)
        ours = [profile.momentum_at(step / (total - 1)) for step in range(total)]
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-12)
        assert [0.3 * profile(step / (total - 1)) for step in range(total)] == pytest.approx(rates, rel=1e-9)

    def test_of_every_step(self) -> None:
        assert momenta(OneCycle(0.5, momentum=(0.8, 0.9)), 4) == pytest.approx([0.9, 0.85, 0.8, 0.85])

    @pytest.mark.parametrize("profile", [OneCycle(), Linear(), Tail(OneCycle(), 0.5), lambda _progress: 1.0])
    def test_is_left_alone_unless_asked_for(self, profile: Profile) -> None:
        assert momenta(profile, 4) is None

    def test_of_a_tail_is_the_profiles(self) -> None:
        assert momenta(Tail(OneCycle(0.5, momentum=(0.8, 0.9)), 0.5), 2) == pytest.approx([0.8, 0.85])

    def test_of_no_steps_is_none(self) -> None:
        assert momenta(OneCycle(momentum=(0.85, 0.95)), 0) is None

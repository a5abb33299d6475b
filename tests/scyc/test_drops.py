"""The epoch after which candidates can be told apart is the first that is trained after the first drop."""

from __future__ import annotations

import pytest

from scyc import (
    ConstantProfile,
    Cosine,
    Linear,
    OneCycle,
    Profile,
    ScaledRestart,
    Step,
    Tail,
    Triangular,
    WarmupStep,
)
from scyc.profiles import epoch_after_drop, first_drop


@pytest.mark.parametrize(
    ("profile", "drop"),
    [
        (Step((0.5, 0.75)), 0.5),
        (Step((0.123456789,)), 0.123456789),
        (Step((0.5, 0.5000001)), 0.5),
        (WarmupStep(), 0.5),
        (WarmupStep(0.5, (0.5, 0.64), peak=0.70375), 0.5),
        (WarmupStep(14 / 160, (0.5, 0.75), peak=0.7882), 0.5),
        (WarmupStep(0.9, (0.25,)), 0.25),
        (ScaledRestart(), 0.55),
        (Tail(Step((0.5, 0.75)), 0.4), 0.375),  # that from a tenth to a hundredth, at 0.75
        (lambda progress: 1.0 if progress < 0.3 else 0.4, 0.3),
    ],
)
def test_it_is_where_the_rate_jumps_below_one_half(profile: Profile, drop: float) -> None:
    assert first_drop(profile) == pytest.approx(drop, abs=1e-11)


@pytest.mark.parametrize("drop", [0.1, 1 / 3, 0.5, 0.7])
def test_it_is_the_very_number_of_a_step(drop: float) -> None:
    assert first_drop(Step((drop,))) == drop


@pytest.mark.parametrize(
    "profile",
    [
        ConstantProfile(),
        Step(()),
        WarmupStep(drops=()),
        Linear(),
        Linear(0.1),
        Cosine(),
        Cosine(0.1, 0.001),
        Triangular(),
        Triangular(20),
        Triangular(5000),
        OneCycle(),
        OneCycle(0.999, 100, 100),
        Tail(Step(), 0),
        lambda progress: 1.0 if progress < 0.3 else 0.6,
        lambda _: 0.0,
    ],
)
def test_what_falls_gradually_or_by_little_has_none(profile: Profile) -> None:
    assert first_drop(profile) is None
    assert epoch_after_drop(profile, 10) is None


@pytest.mark.parametrize(
    ("drops", "epochs", "epoch"),
    [
        ((0.5, 0.8), 10, 5),
        ((0.5, 0.8), 5, 3),  # its third epoch, from 0.4 to 0.6, is half before
        ((0.45,), 10, 5),
        ((1 / 3,), 6, 2),
        ((0.7,), 10, 7),
        ((0.8,), 10, 8),
        ((0.81,), 10, None),  # the last epoch alone is after it
        ((0.95,), 10, None),
        ((0.5,), 2, None),
        ((0.5,), 1, None),
    ],
)
def test_the_epoch_is_the_first_that_is_after_it_as_a_whole(
    drops: tuple[float, ...], epochs: int, epoch: int | None
) -> None:
    assert epoch_after_drop(Step(drops), epochs) == epoch


@pytest.mark.parametrize("epochs", range(1, 60))
def test_all_steps_of_that_epoch_have_the_lower_rate_and_those_of_no_epoch_before(epochs: int) -> None:
    profile, per_epoch = Step((0.37, 0.8)), 7
    rates = [[profile((epoch * per_epoch + i) / (epochs * per_epoch)) for i in range(7)] for epoch in range(epochs)]
    after = [epoch for epoch, each in enumerate(rates[:-1]) if max(each) < 1]
    assert epoch_after_drop(profile, epochs) == (after[0] if after else None)

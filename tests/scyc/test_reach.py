"""How near to `max_lr` the steps of a level come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from scyc import InputError, LevelLR, SCyc
from scyc.data import Dataset, Split
from scyc.profiles import (
    PROFILES,
    ConstantProfile,
    Cosine,
    Linear,
    OneCycle,
    ScaledRestart,
    Step,
    Tail,
    Triangular,
    WarmupStep,
    check_reach,
    learning_rates,
    reach,
    shortfall,
)
from scyc.protocol import Protocol
from scyc.training.recipe import Recipe
from scyc.workloads import load_workload

if TYPE_CHECKING:
    from scyc.profiles import Profile


@pytest.mark.parametrize(
    ("profile", "steps", "share"),
    [
        (WarmupStep(), 1, 0.0),
        (WarmupStep(), 2, 0.1),
        (WarmupStep(), 3, 1.0),
        (WarmupStep(), 4, 0.25 / 0.3),
        (WarmupStep(0.9, (0.95,)), 5, 0.8 / 0.9),
        (WarmupStep(0.5, (0.5, 0.64), peak=0.70375), 2, 0.1 / 0.70375),
        (WarmupStep(0.5, (0.5, 0.64), peak=0.70375), 1000, 1.0),
        (Linear(0.9), 2, 0.5 / 0.9),
        (Linear(0.1), 1, 0.0),
        (Cosine(0.99), 10, 0.9 / 0.99),
        (Triangular(), 1, 0.0),
        (Triangular(), 3, 2 / 3),
        (Triangular(cycles=4), 4, 0.0),
        (Triangular(cycles=4, base=0.2), 4, 0.2),
        (Triangular(cycles=3), 9, 2 / 3),
        (OneCycle(), 1, 1 / 25),
        (ScaledRestart(), 1, 0.01),
        (ScaledRestart(warmup=0.5), 2, 1.0),
        (ConstantProfile(), 1, 1.0),
        (Step(), 1, 1.0),
        (Cosine(), 1, 1.0),
        (Tail(WarmupStep(), 0.5), 1, 1.0),
        (Tail(WarmupStep(), 0.0), 5, 1.0),
        (Tail(Cosine(), 0.0), 5, 0.0),
    ],
    ids=str,
)
def test_the_share_of_the_peak_that_a_level_reaches(profile: Profile, steps: int, share: float) -> None:
    assert reach(profile, steps) == pytest.approx(share, abs=5e-3)
    said = shortfall(profile, steps)
    assert (said is None) == (share >= 0.9)
    if said:
        assert f"{share:.0%} of what max_lr stands for" in said
        assert ("only 1 step," if steps == 1 else f"only {steps} steps,") in said
    if share < 0.5:
        with pytest.raises(InputError, match="its largest learning rate is"):
            check_reach(profile, steps)
    else:
        check_reach(profile, steps)


@pytest.mark.parametrize("kind", PROFILES)
def test_every_profile_reaches_its_peak_in_a_level_of_usual_length(kind: str) -> None:
    profile = PROFILES[kind]()
    assert shortfall(profile, 100) is None
    assert max(learning_rates(profile, 1.0, 100)) > 0.9


def test_a_protocol_whose_levels_are_too_short_is_refused() -> None:
    split = Split(torch.arange(256.0).reshape(64, 4), torch.arange(64) % 2)
    data, workload = Dataset(split, split, split, 2), load_workload("digits/mlp-20")
    Protocol(workload, Recipe(epochs=3, batch_size=64)).check(data)
    Protocol(workload, Recipe(epochs=1, batch_size=64, profile=ConstantProfile())).check(data)
    for epochs, batch_size in ((1, 64), (2, 64), (1, 32)):
        with pytest.raises(InputError, match=r"only . steps?, .+ \(a smaller batch_size, more epochs"):
            Protocol(workload, Recipe(epochs=epochs, batch_size=batch_size)).check(data)


def test_a_training_loop_of_ones_own_is_told() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    with pytest.raises(InputError, match="only 2 steps"):
        LevelLR(optimizer, SCyc(0.03, 0.04), steps_per_level=2)
    with pytest.warns(UserWarning, match="83% of what max_lr stands for"):
        LevelLR(optimizer, SCyc(0.03, 0.04), steps_per_level=4)

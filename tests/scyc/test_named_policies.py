from __future__ import annotations

import json

import pytest

from scyc import (
    PRESETS,
    Constant,
    ConstantProfile,
    Cosine,
    InputError,
    Linear,
    Policy,
    Profile,
    Step,
    Triangular,
    WarmupStep,
    named_policies,
    policy_from_dict,
    policy_to_dict,
)
from scyc.profiles import learning_rates, momenta

SCHEDULES = ["constant", "s-cyc", "silo", "linear", "exponential", "inverse-density", "gradient-scaled", "range-test"]
BENCHMARKS = ["constant-lr", "step-decay", "cosine-decay", "cyclical", "warmup"]
RETRAINING = ["ft", "lrw", "slr", "clr", "one-cycle", "lrr", "llr", "allr", "compression"]
STUDY = Step((0.5, 0.75))
POLICIES = named_policies(max_lr=0.1, p=0.2, levels=13, largest=0.5, profile=STUDY)


def profile_of(name: str) -> Profile:
    profile = POLICIES[name].profile_at(1)
    assert profile is not None
    return profile


def test_the_names_are_these() -> None:
    assert list(POLICIES) == [*SCHEDULES, *BENCHMARKS, *RETRAINING, "one-cosine"]


@pytest.mark.parametrize("name", POLICIES)
def test_each_can_be_stored(name: str) -> None:
    assert policy_from_dict(json.loads(json.dumps(policy_to_dict(POLICIES[name])))) == POLICIES[name]


@pytest.mark.parametrize("name", [*SCHEDULES])
def test_a_schedule_changes_max_lr_alone(name: str) -> None:
    assert POLICIES[name] == Policy(POLICIES[name].schedule)


@pytest.mark.parametrize("name", ["s-cyc", "silo"])
def test_s_cyc_is_the_authors_scaled(name: str) -> None:
    preset = PRESETS["resnet20-cifar10"]
    for level in range(25):
        assert POLICIES[name].max_lr(level) == pytest.approx(preset(level) * 0.1 / 0.03)


def test_s_cyc_has_the_pruning_rate_of_the_study() -> None:
    halved = named_policies(max_lr=0.03, p=0.5, levels=13, largest=0.5, profile=STUDY)["s-cyc"]
    assert halved.max_lr(2) == pytest.approx(0.05)  # half of the weights left, half of the rise done


@pytest.mark.parametrize("name", ["linear", "exponential"])
def test_ramps_end_where_s_cyc_does_at_the_last_level(name: str) -> None:
    policy = POLICIES[name]
    assert policy.max_lr(0) == pytest.approx(0.1)
    assert policy.max_lr(11) < policy.max_lr(12) == pytest.approx(0.1 * 7 / 3) == policy.max_lr(13)


def test_ramps_differ_in_between() -> None:
    assert POLICIES["linear"].max_lr(6) == pytest.approx(0.1 * (1 + 7 / 3) / 2)
    assert POLICIES["exponential"].max_lr(6) == pytest.approx(0.1 * (7 / 3) ** 0.5)


def test_inverse_density_is_capped_at_the_largest_tried() -> None:
    policy = POLICIES["inverse-density"]
    assert [policy.max_lr(level) for level in (0, 1, 7, 8)] == pytest.approx([0.1, 0.125, 0.1 / 0.8**7, 0.5])


def test_gradient_scaled_is_capped_at_the_largest_tried() -> None:
    assert POLICIES["gradient-scaled"].max_lr(1, [0.4, 0.2]) == pytest.approx(0.2)
    assert POLICIES["gradient-scaled"].max_lr(1, [0.4, 0.001]) == 0.5


def test_range_test_is_what_was_found() -> None:
    assert POLICIES["range-test"].max_lr(0, [0.3]) == 0.3


@pytest.mark.parametrize(
    ("name", "profile"),
    [*zip(BENCHMARKS, [ConstantProfile(), Step(), Cosine(), Triangular(), WarmupStep()], strict=True)],
)
def test_a_benchmark_has_its_profile_at_every_level(name: str, profile: Profile) -> None:
    assert POLICIES[name] == Policy(Constant(0.1), profile, rewind=None, from_level=0)


@pytest.mark.parametrize("name", RETRAINING)
def test_a_retraining_variant_keeps_the_weights_and_leaves_the_dense_network_alone(name: str) -> None:
    policy = POLICIES[name]
    assert (policy.profile_at(0), policy.rewind_at(0)) == (None, None)
    assert {policy.rewind_at(level) for level in (1, 2, 12)} == {"learning-rate"}
    assert policy.max_lr(0, [0.0]) == 0.1
    if name not in ("allr", "compression"):
        assert policy.max_lr(12) == 0.1


def test_fine_tuning_is_at_the_last_learning_rate() -> None:
    assert set(learning_rates(profile_of("ft"), 0.1, 50)) == {0.1 * 0.1**2}


def test_fine_tuning_is_left_out_where_the_last_learning_rate_is_0() -> None:
    names = named_policies(max_lr=0.1, p=0.2, levels=13, largest=0.5, profile=Linear())
    assert list(names) == [name for name in POLICIES if name != "ft"]


def test_learning_rate_rewinding_replays_72_epochs_of_160() -> None:
    rates = learning_rates(profile_of("lrw"), 0.1, 72)
    assert rates == pytest.approx([0.01] * 32 + [0.001] * 40)


def test_scaled_restarting() -> None:
    rates = learning_rates(profile_of("slr"), 0.1, 40)
    assert [rates[0], rates[2]] == pytest.approx([0.001, 0.0505])
    assert rates[4:] == pytest.approx([0.1] * 18 + [0.01] * 9 + [0.001] * 9)


def test_cyclic_restarting() -> None:
    profile = profile_of("clr")
    assert [0.1 * profile(progress) for progress in (0, 0.1, 1)] == pytest.approx([0.001, 0.1, 1e-5])
    assert momenta(profile, 10) is not None


def test_one_cycle_has_pytorchs_defaults() -> None:
    profile = profile_of("one-cycle")
    assert [profile(progress) for progress in (0, 0.3, 1)] == pytest.approx([1 / 25, 1, 1 / 25 / 1e4])
    momentum = momenta(profile, 10)
    assert momentum is not None
    assert [momentum[0], momentum[3]] == pytest.approx([0.95, 0.85])


def test_renda_replays_the_whole_profile_of_the_study() -> None:
    assert POLICIES["lrr"].profile_at(1) is None


@pytest.mark.parametrize("name", ["llr", "allr"])
def test_linear_restarting_warms_up_over_a_tenth(name: str) -> None:
    profile = profile_of(name)
    assert [profile(progress) for progress in (0, 0.05, 0.1, 0.55, 1)] == pytest.approx([0, 0.5, 1, 0.5, 0])


def test_adaptive_restarting_follows_the_norm_drop() -> None:
    measured = [0.0, 0.1, 0.3, 0.9]
    values = [POLICIES["allr"].max_lr(level, measured[: level + 1]) for level in range(4)]
    assert values == pytest.approx([0.1, 0.045, 0.1 * 0.3 / 0.2**0.5, 0.1])


def test_a_study_of_the_dense_network_alone() -> None:
    assert named_policies(max_lr=0.1, p=0.2, levels=1, largest=0.1, profile=STUDY)["linear"].max_lr(0) == 0.1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"levels": 0}, "A study has at least one level, the dense one, but levels is 0"),
        ({"max_lr": 0.0}, "Constant needs max_lr to be finite and greater than 0"),
        ({"p": 1.0}, "SCyc needs p to be finite and between 0 and 1"),
        ({"largest": 0.05}, "InverseDensity needs a cap of max_lr"),
    ],
)
def test_numbers_outside_their_range_are_refused(changes: dict[str, float], message: str) -> None:
    given = {"max_lr": 0.1, "p": 0.2, "levels": 13, "largest": 0.5} | changes
    with pytest.raises(InputError, match=rf"^({message}).*\.$"):
        named_policies(**given, profile=STUDY)  # type: ignore[arg-type]


def test_compression_rises_with_the_share_that_is_pruned() -> None:
    policy = POLICIES["compression"]
    assert policy.max_lr(0) == pytest.approx(0.1)
    assert policy.max_lr(1) == pytest.approx(0.1 + 0.2 * 0.1 * 4 / 3)  # a fifth is pruned, a fifth of the rise done
    assert policy.max_lr(12) < policy.max_lr(100) == pytest.approx(0.1 * 7 / 3)
    assert policy.profile_at(0) is None
    assert profile_of("compression") == Linear(warmup=0.05)


def test_one_cosine_goes_over_all_levels_without_a_jump() -> None:
    policy, whole, rates = POLICIES["one-cosine"], Cosine(), []
    for level in range(13):
        profile = policy.profile_at(level)
        assert profile is not None
        rates += learning_rates(profile, policy.max_lr(level), 10)
    assert rates == pytest.approx([0.1 * whole(step / 130) for step in range(130)])
    with pytest.raises(InputError, match=r"has 13 levels, from 0 on, but level 13 is asked for\.$"):
        policy.max_lr(13)

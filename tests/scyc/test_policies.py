from __future__ import annotations

import json
import math
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scyc import (
    MEASURED_SCHEDULES,
    PROFILES,
    SCHEDULES,
    SILO,
    AdaptiveRestart,
    Constant,
    ConstantProfile,
    Cosine,
    ExponentialRamp,
    GradientScaled,
    InputError,
    InverseDensity,
    Linear,
    LinearRamp,
    OneCycle,
    Policy,
    Profile,
    RangeTest,
    Replay,
    ScaledRestart,
    SCyc,
    Step,
    Tail,
    Triangular,
    WarmupStep,
    policy_from_dict,
    policy_to_dict,
)
from scyc.pruning import Rewind

positive = st.floats(min_value=0, exclude_min=True, max_value=1e300)
inside = st.floats(0, 1, exclude_min=True, exclude_max=True)
fractions = st.floats(0, 1, exclude_max=True)
drops = st.lists(inside, max_size=4).map(lambda ds: tuple(sorted(ds)))
momentum = st.tuples(fractions, fractions).map(lambda pair: (min(pair), max(pair)))
capped = st.tuples(positive, st.floats(1, 2) | st.just(math.inf)).map(lambda pair: (pair[0], pair[0] * pair[1]))
ramp = (positive, positive, st.integers(1, 200))
s_cyc = (positive, st.floats(0, 1e300), positive, st.integers(0, 50), inside)
schedules = st.one_of(
    st.builds(SCyc, *s_cyc),
    st.builds(SILO, *s_cyc),
    st.builds(Constant, positive),
    st.builds(LinearRamp, *ramp),
    st.builds(ExponentialRamp, *ramp),
    st.builds(lambda pair, p: InverseDensity(pair[0], p, pair[1]), capped, inside),
    st.builds(Replay, st.lists(positive, min_size=1, max_size=5).map(tuple)),
    st.builds(AdaptiveRestart, positive, inside, st.floats(0, 1, exclude_min=True)),
    st.builds(RangeTest),
    st.builds(lambda pair: GradientScaled(*pair), capped),
)
plain_profiles: st.SearchStrategy[Profile] = st.one_of(
    st.builds(ConstantProfile),
    st.builds(Step, drops),
    st.builds(WarmupStep, fractions, drops, st.floats(0, 1, exclude_min=True)),
    st.builds(Linear, fractions),
    st.builds(Cosine, fractions, fractions),
    st.builds(Triangular, st.integers(1, 20), fractions),
    st.builds(OneCycle, inside, st.floats(1, 1e300), st.floats(1, 1e300), st.none() | momentum),
    st.builds(ScaledRestart, fractions, fractions, drops),
)
profiles = st.recursive(plain_profiles, lambda inner: st.builds(Tail, inner, st.floats(0, 1)), max_leaves=3)
policies = st.builds(
    Policy, schedules, st.none() | profiles, st.none() | st.sampled_from(get_args(Rewind)), st.integers(0, 300)
)


@given(policies)
def test_a_round_trip_through_json_is_exact(policy: Policy) -> None:
    text = json.dumps(policy_to_dict(policy), allow_nan=False)
    again = policy_from_dict(json.loads(text))
    assert again == policy
    assert type(again.schedule) is type(policy.schedule)
    assert policy_to_dict(again) == policy_to_dict(policy)


def test_plain_values_say_what_it_is() -> None:
    policy = Policy(SCyc(0.03, 0.04), Tail(OneCycle(momentum=(0.85, 0.95)), 0.45), "learning-rate", 1)
    assert policy_to_dict(policy) == {
        "schedule": {"kind": "s-cyc", "delta": 0.03, "epsilon": 0.04, "beta": 5.0, "q": 1, "p": 0.2},
        "profile": {
            "kind": "tail",
            "profile": {"kind": "one-cycle", "start": 0.3, "div": 25.0, "final_div": 1e4, "momentum": [0.85, 0.95]},
            "share": 0.45,
        },
        "rewind": "learning-rate",
        "from_level": 1,
    }
    assert policy_to_dict(Policy(InverseDensity(0.1))) == {
        "schedule": {"kind": "inverse-density", "max_lr": 0.1, "p": 0.2},  # no infinite cap
        "profile": None,
        "rewind": None,
        "from_level": 0,
    }


def test_what_has_a_default_may_be_left_out() -> None:
    values = {"schedule": {"kind": "s-cyc", "delta": 0.03, "epsilon": 0.04}, "profile": {"kind": "cosine"}}
    assert policy_from_dict(values) == Policy(SCyc(0.03, 0.04), Cosine())


def test_every_kind_can_be_written_down() -> None:
    ours = ["s-cyc", "silo", "constant", "linear", "exponential", "inverse-density", "compression", "one-cosine"]
    assert list(SCHEDULES) == [*ours, "replay"]
    for kind in (*SCHEDULES, *MEASURED_SCHEDULES):
        with pytest.raises(InputError, match=rf"^A policy's schedule of kind {kind} has no nonsense, only "):
            policy_from_dict({"schedule": {"kind": kind, "nonsense": 1}})
    for kind in (*PROFILES, "tail", "cosine-parts"):
        with pytest.raises(InputError, match=rf"^A policy's profile of kind {kind} has no nonsense, only "):
            policy_from_dict({"schedule": {"kind": "range-test"}, "profile": {"kind": kind, "nonsense": 1}})


CONSTANT = {"kind": "constant", "max_lr": 0.1}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, "A policy should be a mapping of names to values, but it is None"),
        ({}, "A policy lacks schedule"),
        ({"schedule": CONSTANT, "speed": 1}, "A policy has no speed, only from_level, profile, rewind, schedule"),
        ({"schedule": 0.1}, "A policy's schedule should be a mapping of names to values, but it is 0.1"),
        ({"schedule": {}}, "A policy's schedule needs a kind, one of s-cyc, .+, but it is None"),
        ({"schedule": {"kind": "S"}}, "A policy's schedule needs a kind, one of s-cyc, .+, but it is 'S'"),
        ({"schedule": {"kind": ["s-cyc"]}}, "A policy's schedule needs a kind"),
        ({"schedule": {"kind": "constant"}}, "A policy's schedule of kind constant lacks max_lr"),
        ({"schedule": {"kind": "range-test", "low": 1}}, "A .+ of kind range-test has no low, only a kind"),
        ({"schedule": {"kind": "constant", "max_lr": "x"}}, "constant's max_lr should be a number, but it is 'x'"),
        ({"schedule": {"kind": "constant", "max_lr": True}}, "constant's max_lr should be a number, but it is True"),
        ({"schedule": {"kind": "constant", "max_lr": None}}, "constant's max_lr should be a number, but it is None"),
        ({"schedule": {"kind": "constant", "max_lr": 10**400}}, "constant's max_lr should be a number"),
        ({"schedule": {"kind": "constant", "max_lr": -1}}, "Constant needs max_lr to be finite and greater than 0"),
        ({"schedule": {"kind": "constant", "max_lr": math.nan}}, "Constant needs max_lr to be finite"),
        ({"schedule": {"kind": "s-cyc", "delta": 1, "epsilon": 1, "q": 1.5}}, "s-cyc's q should be a whole number"),
        ({"schedule": {"kind": "replay", "values": 0.1}}, "replay's values should be a list of numbers, but it is 0.1"),
        ({"schedule": {"kind": "replay", "values": [0.1, "x"]}}, "replay's values should be a number, but it is 'x'"),
        ({"schedule": {"kind": "replay", "values": []}}, "Replay needs at least one value"),
        ({"schedule": CONSTANT, "profile": "cosine"}, "A policy's profile should be a mapping"),
        ({"schedule": CONSTANT, "profile": {"kind": "square"}}, "A policy's profile needs a kind, .+ 'square'"),
        ({"schedule": CONSTANT, "profile": {"kind": "linear", "warmup": 2}}, "A profile's warmup is a fraction .+"),
        ({"schedule": CONSTANT, "profile": {"kind": "one-cycle", "momentum": 0.9}}, "one-cycle's momentum should be a"),
        ({"schedule": CONSTANT, "profile": {"kind": "one-cycle", "momentum": [0.9]}}, "A one-cycle profile's momentum"),
        ({"schedule": CONSTANT, "profile": {"kind": "tail", "share": 0.4}}, "A .+ of kind tail lacks profile"),
        ({"schedule": CONSTANT, "profile": {"kind": "tail", "share": 0, "profile": 1}}, "A .+ should be a mapping"),
        ({"schedule": CONSTANT, "rewind": "back"}, "There is no rewind 'back': choose one of weights, "),
        ({"schedule": CONSTANT, "rewind": 1}, "A policy's rewind should be a text, but it is 1"),
        ({"schedule": CONSTANT, "from_level": -1}, r"A policy's from_level is 0 \(dense\) or greater, but it is -1"),
        ({"schedule": CONSTANT, "from_level": 1.0}, "A policy's from_level should be a whole number, but it is 1.0"),
        ({"schedule": CONSTANT, "from_level": None}, "A policy's from_level should be a whole number, but it is None"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(values: Any, message: str) -> None:
    with pytest.raises(InputError, match=rf"^{message}.*\.$"):
        policy_from_dict(values)


@pytest.mark.parametrize(
    ("policy", "what"),
    [
        (Policy(lambda _level: 0.1), "schedule can be .+ but it is 'function'"),
        (Policy(Constant(0.1), lambda _progress: 1.0), "profile can be .+ but it is 'function'"),
        (Policy(Constant(0.1), Tail(lambda _progress: 1.0, 0.5)), "profile can be .+ but it is 'function'"),
    ],
)
def test_a_function_of_ones_own_cannot_be_written_down(policy: Policy, what: str) -> None:
    with pytest.raises(InputError, match=rf"^A policy's {what}\.$"):
        policy_to_dict(policy)


def test_a_policy_of_a_schedule_needs_nothing_and_ignores_what_is_measured() -> None:
    policy = Policy(Replay((0.1, 0.2)))
    assert policy.needs is None
    assert [policy.max_lr(0), policy.max_lr(1, [5.0, 6.0])] == [0.1, 0.2]


def test_a_policy_of_a_measured_schedule_needs_it() -> None:
    policy = Policy(GradientScaled(0.1, 1.0))
    assert policy.needs == "gradient-std"
    assert policy.max_lr(1, [0.4, 0.2]) == pytest.approx(0.2)
    with pytest.raises(InputError, match="2 in all, but 0 are given"):
        policy.max_lr(1)


def test_profile_and_rewind_apply_from_a_level_on() -> None:
    policy = Policy(Constant(0.1), Linear(), "learning-rate", from_level=2)
    assert [policy.profile_at(level) for level in range(4)] == [None, None, Linear(), Linear()]
    assert [policy.rewind_at(level) for level in range(4)] == [None, None, "learning-rate", "learning-rate"]


def test_the_studys_own_unless_told_otherwise() -> None:
    policy = Policy(Constant(0.1))
    assert (policy.profile_at(0), policy.profile_at(5), policy.rewind_at(5)) == (None, None, None)

"""The schedules that a study can be compared with, and how one is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oracle.comparison import USUAL, OracleLevel, pick, winner_of
from oracle.comparison.contenders import contenders, on_surface
from oracle.surface import best_curve, fit_surface
from scyc import Constant, InputError, Policy, Replay, SCyc
from tests.oracle.comparison.surfaces import known
from tests.oracle.simulation import small_spec
from tests.oracle.surface.tops import study

LEVELS = [known(0, 0.1), known(1, 0.2), known(2, 0.2)]
POLICIES = contenders(LEVELS, small_spec(), SCyc(0.1, 0.1), surface=fit_surface(LEVELS))


def test_the_oracle_and_the_fit_are_among_them() -> None:
    assert POLICIES["oracle"] == Policy(Replay((0.1, 0.2, 0.2)))
    assert POLICIES["fitted"] == Policy(SCyc(0.1, 0.1))
    assert "fitted" not in contenders(LEVELS, small_spec(), None)
    assert set(USUAL) <= set(POLICIES)


def test_the_smooth_curve_is_that_of_the_surface_to_four_digits() -> None:
    levels = [OracleLevel(m, 0.8**m, winner_of(one.scores), one.scores) for m, one in enumerate(study(0))]
    surface, winners = fit_surface(levels[:5] + levels[6:]), [level.winner for level in levels]
    found = contenders(levels[:5] + levels[6:], small_spec(), None, winners, surface)["smooth"].schedule
    assert isinstance(found, Replay)
    curve = dict(zip((curve := best_curve(surface)).levels, curve.max_lr, strict=True))
    assert found.values[5] == winners[5]  # a level without a winner: what the oracle went on with
    for m, max_lr in curve.items():
        assert found.values[m] == pytest.approx(max_lr, rel=6e-4)
        assert found.values[m] == float(f"{max_lr:.4g}")


def test_the_smooth_curve_stays_among_the_candidates() -> None:
    rates = {1 / 3: [0.5], 2 / 3: [0.7]}
    top = [OracleLevel(m, 0.8**m, 2 / 3, rates) for m in range(3)]
    assert contenders(top, small_spec(), None, surface=fit_surface(top))["smooth"].max_lr(2) <= 2 / 3


def test_scales_come_from_the_dense_winner_and_caps_from_the_candidates() -> None:
    assert POLICIES["constant"].schedule == Constant(0.1)
    assert POLICIES["inverse-density"].max_lr(40) == 0.4


def test_what_trains_otherwise_is_not_on_the_surface() -> None:
    there = {name for name, policy in POLICIES.items() if on_surface(policy) is not None}
    assert {"oracle", "fitted", "s-cyc", "constant", "linear", "inverse-density"} <= there
    assert not there & {"ft", "lrr", "clr", "allr", "cyclical", "range-test", "gradient-scaled"}


def test_parameters_can_be_given() -> None:
    usual = POLICIES["s-cyc"].schedule
    assert isinstance(usual, SCyc)
    assert pick(POLICIES, "s-cyc:delta=0.3, q=2").schedule == replace(usual, delta=0.3, q=2)
    assert pick(POLICIES, "cyclical:max_lr=0.5") == Policy(Constant(0.5), POLICIES["cyclical"].profile)
    assert pick(POLICIES, "s-cyc:vgg19-cifar10") is POLICIES["s-cyc:vgg19-cifar10"]


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("nonsense", "no schedule 'nonsense'; choose one of oracle, smooth, fitted,"),
        ("s-cyc:", r"'' does not set a parameter of the schedule 's-cyc' \(it has delta, epsilon, beta, q, p\)"),
        ("s-cyc:gamma=1", "'gamma=1' does not set a parameter"),
        ("s-cyc:delta", "'delta' does not set a parameter"),
        ("s-cyc:delta=much", "must be a number, but it is 'much'"),
        ("s-cyc:q=1.5", "must be a number, but it is '1.5'"),
        ("s-cyc:delta=nan", "must be a number"),
        ("s-cyc:delta=-1", "delta to be finite and greater than 0"),
        ("range-test:low=1", "it has none"),
        ("oracle:values=1", "it has none"),
    ],
)
def test_bad_wishes_are_refused(wanted: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        pick(POLICIES, wanted)


def test_without_the_dense_level_there_is_no_scale() -> None:
    with pytest.raises(InputError, match="once the dense network"):
        contenders(LEVELS[1:], small_spec(), None)

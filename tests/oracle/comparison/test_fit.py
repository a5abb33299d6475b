"""The fit of S-Cyc: what it recovers, what it admits not to know, and what it does not see."""

from __future__ import annotations

import dataclasses
import json
import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.comparison import Fit, OracleLevel, fit_scyc
from scyc import InputError, SCyc
from tests.oracle.comparison.surfaces import P, surface, tops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.comparison import HeldOut

S_SHAPED = SCyc(0.08, 0.1, 5.0, 1, P)
"""It rises to 2.25 times as much."""

S = tuple(S_SHAPED(m) for m in range(13))
FLAT = (0.13,) * 13


@cache
def fitted(truth: Sequence[float], seed: int = 0, examples: int = 2000, recorded: bool = True) -> Fit:
    return fit_scyc(tops(truth, seed, examples=examples, recorded=recorded), P)


def noiseless(truth: Sequence[float], p: float = P, numbers: Sequence[int] | None = None) -> list[OracleLevel]:
    """One seed of parabolic tops without any noise."""
    rates = np.geomspace(0.02, 1.0, 16)
    found = []
    for m, best in zip(numbers or range(len(truth)), truth, strict=True):
        means = 0.9 - 0.03 * np.log(rates / best) ** 2
        accuracies = {float(rate): [float(mean)] for rate, mean in zip(rates, means, strict=True)}
        found.append(OracleLevel(m, (1 - p) ** m, max(accuracies, key=lambda rate: accuracies[rate]), accuracies))
    return found


def off(fit: Fit, truth: Sequence[float]) -> float:
    """The largest log distance of the fitted curve."""
    return float(np.abs(np.log(fit.max_lr) - np.log(truth)).max())


def width(fit: Fit) -> float:
    return float(np.mean([math.log(high / low) for low, high in fit.band]))


def row(fit: Fit, family: str) -> HeldOut:
    return next(row for row in fit.held_out if row.family == family)


class TestRecovery:
    @pytest.mark.parametrize("p", [P, 0.5])
    def test_without_noise(self, p: float) -> None:
        truth = SCyc(0.08, 0.2, 3.0, 2, p)
        fit = fit_scyc(noiseless([truth(m) for m in range(13)], p), p)
        assert off(fit, [truth(m) for m in range(13)]) < 0.1
        found = fit.schedule
        assert (found.p, found.q) == (p, 2)
        assert found.delta == pytest.approx(0.08, rel=0.05)
        assert found.epsilon == pytest.approx(0.2, rel=0.1)
        assert max(fit.weights, key=lambda name: fit.weights[name]) == "s-cyc"

    def test_of_asymmetric_tops(self) -> None:
        # Gentle to the left and steep to the right: a fit to intervals of equal accuracy would come out too low.
        for seed in range(3):
            fit = fitted(S, seed)
            assert fit.rise.told
            assert fit.rise.low < 2.25 < fit.rise.high
            assert fit.identified["delta"]
            assert abs(np.mean(np.log(fit.max_lr) - np.log(S))) < 0.12

    def test_the_bands_hold_the_truth(self) -> None:
        levels, deltas = [], []
        for seed in range(3):
            fit = fitted(S, seed)
            levels += [low * 0.98 <= true <= high * 1.02 for (low, high), true in zip(fit.band, S, strict=True)]
            deltas.append(fit.errors["delta"][0] <= S_SHAPED.delta <= fit.errors["delta"][1])
        assert np.mean(levels) > 0.85
        assert sum(deltas) >= 2

    def test_of_some_levels(self) -> None:
        numbers = (1, 3, 4, 5, 6, 9, 12)
        truth = [SCyc(0.08, 0.2, 3.0, 2, P)(m) for m in numbers]
        fit = fit_scyc(noiseless(truth, numbers=numbers)[::-1], P)
        assert fit.levels == numbers
        assert off(fit, truth) < 0.15


class TestResult:
    def test_is_the_same_whatever_the_order(self) -> None:
        levels = surface(S_SHAPED, levels=5)
        turned = [dataclasses.replace(level, scores=dict(list(level.scores.items())[::-1])) for level in levels[::-1]]
        assert fit_scyc(turned, P) == fit_scyc(levels, P) == fit_scyc(levels, P)

    def test_scales_with_max_lr(self) -> None:
        levels = surface(S_SHAPED, levels=7)
        larger = [
            dataclasses.replace(
                level,
                winner=level.winner * 3,
                scores={max_lr * 3: values for max_lr, values in level.scores.items()},
            )
            for level in levels
        ]
        one, other = fit_scyc(levels, P), fit_scyc(larger, P)
        assert other.schedule.delta == pytest.approx(3 * one.schedule.delta, rel=0.01)
        assert (other.schedule.q, other.identified) == (one.schedule.q, one.identified)
        assert np.array(other.band) == pytest.approx(3 * np.array(one.band), rel=0.02)
        assert other.rise.factor == pytest.approx(one.rise.factor, rel=0.01)

    def test_does_not_depend_on_what_a_seed_adds_to_all(self) -> None:
        levels = surface(S_SHAPED, levels=5)
        moved = [
            dataclasses.replace(
                level,
                scores={
                    max_lr: [value + 0.03 * seed - 0.01 * level.level for seed, value in enumerate(values)]
                    for max_lr, values in level.scores.items()
                },
            )
            for level in levels
        ]
        assert fit_scyc(moved, P).max_lr == pytest.approx(fit_scyc(levels, P).max_lr, rel=0.01)

    def test_turns_into_json(self) -> None:
        plain = json.loads(json.dumps(dataclasses.asdict(fitted(S)), allow_nan=False))
        assert plain["schedule"].keys() == {"delta", "epsilon", "beta", "q", "p"}
        assert plain["rise"].keys() == {"factor", "low", "high"}
        assert [found["family"] for found in plain["held_out"]] == ["s-cyc", *list(fitted(S).weights)[1:]]

    def test_holds_together(self) -> None:
        fit = fitted(S)
        assert fit.max_lr == tuple(fit.schedule(m) for m in fit.levels)
        for bands, inside in ((fit.band, fit.max_lr), (fit.target_band, fit.target)):
            assert all(low <= value <= high for (low, high), value in zip(bands, inside, strict=True))
        assert sum(fit.weights.values()) == pytest.approx(1)
        assert fit.misfit == pytest.approx(row(fit, "s-cyc").misfit)


class TestKnowledge:
    def test_an_s_is_no_constant(self) -> None:
        constant, ours = row(fitted(S), "constant"), row(fitted(S), "s-cyc")
        assert constant.weight < 0.01 < ours.weight
        assert constant.error is not None
        assert constant.error.verdict == "worse"

    def test_more_examples_tell_more(self) -> None:
        few, many = fitted(S), fitted(S, examples=20_000)
        assert width(many) < 0.7 * width(few)
        spread = [math.log(fit.errors["delta"][1] / fit.errors["delta"][0]) for fit in (few, many)]
        assert spread[1] < 0.8 * spread[0]
        assert sum(many.identified.values()) >= sum(few.identified.values())

    def test_where_answers_are_not_recorded_the_error_bars_are_called_too_narrow(self) -> None:
        said = "so they are too narrow"
        assert said in " ".join(fitted(S, recorded=False).sentences)
        assert said not in " ".join(fitted(S).sentences)

    def test_a_constant_is_no_rise(self) -> None:
        for seed in range(2):
            fit = fitted(FLAT, seed)
            assert not fit.rise.told
            assert not any(fit.identified[name] for name in ("epsilon", "beta", "q"))
            assert "neither a rise nor a fall can be told" in fit.sentences[0]
            assert fit.weights["constant"] > fit.weights["s-cyc"]

    def test_a_fall_is_told_and_is_no_rise(self) -> None:
        fit = fitted(S[::-1])
        assert fit.rise.fall_told
        assert fit.sentences[0].endswith("it falls.")
        assert fit.schedule.epsilon == pytest.approx(0, abs=1e-3)

    def test_a_level_that_knows_nothing_has_no_influence(self) -> None:
        levels = tops(S)
        alone = {0.02: levels[6].scores[max(levels[6].scores)]}  # one candidate, far from the truth
        lone = dataclasses.replace(levels[6], winner=0.02, scores=alone, answers=None)
        # Where one level has no answers, none are used: so the others have none either.
        blind = [dataclasses.replace(level, answers=None) for level in levels if level.level != 6]
        with_it, without = (fit_scyc(found, P) for found in ([*blind[:6], lone, *blind[6:]], blind))
        kept = [max_lr for level, max_lr in zip(with_it.levels, with_it.max_lr, strict=True) if level != 6]
        assert kept == pytest.approx(without.max_lr, rel=0.1)

    def test_a_top_beyond_the_candidates_lets_the_curve_leave(self) -> None:
        levels = noiseless(S)
        ended = [
            dataclasses.replace(
                level,
                winner=max(rate for rate in level.scores if rate < 0.13),
                scores={max_lr: values for max_lr, values in level.scores.items() if max_lr < 0.13},
            )
            if level.level >= 8
            else level
            for level in levels
        ]
        fit = fit_scyc(ended, P)
        assert max(fit.max_lr) > 0.14
        assert fit.target_band[-1][1] > 0.2
        assert width(fit) > width(fit_scyc(levels, P))


class TestDegenerate:
    """Whatever the study, the fit says something true or refuses in a sentence."""

    def whole(self, fit: Fit) -> Fit:
        numbers = [*fit.max_lr, *fit.target, *np.ravel(fit.band), *np.ravel(fit.target_band), *fit.weights.values()]
        assert np.isfinite(numbers).all()
        assert fit.schedule.epsilon >= 0
        assert fit.sentences
        return fit

    def test_two_candidates(self) -> None:
        levels = [OracleLevel(m, P**m, 0.2, {0.1: [0.80, 0.81], 0.2: [0.82, 0.83]}) for m in range(5)]
        fit = self.whole(fit_scyc(levels, P))
        assert not fit.rise.told

    def test_one_candidate(self) -> None:
        fit = self.whole(fit_scyc([OracleLevel(m, P**m, 0.1, {0.1: [0.8, 0.9]}) for m in range(4)], P))
        assert not fit.rise.told
        assert not any(fit.identified.values())
        assert fit.schedule.delta == pytest.approx(0.1, rel=0.3)

    def test_one_seed(self) -> None:
        fit = self.whole(fit_scyc(surface(S_SHAPED, levels=6, seeds=1), P))
        assert len(fit.band) == 6

    def test_everything_equal(self) -> None:
        rates = np.geomspace(0.02, 1, 8).tolist()
        equal = {rate: [0.1] for rate in rates}
        fit = self.whole(fit_scyc([OracleLevel(m, P**m, rates[0], equal) for m in range(6)], P))
        assert not fit.rise.told
        assert not fit.rise.fall_told
        assert not any(fit.identified.values())

    @pytest.mark.parametrize("p", [1e-6, 0.999999])
    def test_next_to_nothing_or_all_but_everything_pruned(self, p: float) -> None:
        self.whole(fit_scyc(surface(S_SHAPED, levels=4), p))

    def test_candidates_that_diverged(self) -> None:
        levels = [
            dataclasses.replace(level, diverged=frozenset(rate for rate in level.scores if rate > 0.4))
            for level in surface(SCyc(0.17, 0.1, 4.0, 1, P), levels=5)
        ]
        fit = self.whole(fit_scyc(levels, P))
        assert max(fit.max_lr) < 0.6

    def test_three_levels_are_enough(self) -> None:
        fit = self.whole(fit_scyc(noiseless([0.1, 0.1, 0.2]), P))
        assert fit.max_lr == pytest.approx((0.1, 0.1, 0.2), rel=0.15)
        assert all(found.error is None for found in fit.held_out)

    def test_one_draw_is_enough_for_the_schedule(self) -> None:
        levels = surface(S_SHAPED, levels=5)
        assert fit_scyc(levels, P, refits=1).schedule == fit_scyc(levels, P).schedule

    @pytest.mark.parametrize(("count", "said"), [(0, "there is none"), (1, "there is only 1"), (2, "there are only 2")])
    def test_too_few_levels_are_refused(self, count: int, said: str) -> None:
        with pytest.raises(InputError, match=f"3 decided levels or more, but {said}"):
            fit_scyc(noiseless([0.1] * count), P)

    @pytest.mark.parametrize("p", [0.0, 1.0, -0.2, math.nan])
    def test_a_pruning_rate_that_prunes_nothing_or_everything_is_refused(self, p: float) -> None:
        with pytest.raises(InputError, match="p to be between 0 and 1"):
            fit_scyc(noiseless([0.1] * 5), p)

"""Schedules trained for real: accuracies, paired differences, and what they cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from oracle.comparison import compare_study, to_json
from oracle.comparison.regret import estimate
from oracle.comparison.sampling import of_examples
from oracle.results.answers import path_answers
from oracle.results.run_view import view_runs
from oracle.study.opening import REPLAYED
from scyc import Constant, GradientScaled, Policy, Replay
from tests.oracle.simulation import Answering, Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FRESH = (1000, 1007)


class TestEstimate:
    @given(st.lists(st.floats(0, 1), min_size=2, max_size=8, unique=True))
    def test_is_student_s(self, values: list[float]) -> None:
        found = estimate(values)
        interval = ttest_1samp(values, 0).confidence_interval(0.95)
        assert found.low == pytest.approx(interval.low)
        assert found.high == pytest.approx(interval.high)
        assert found.mean == pytest.approx(math.fsum(values) / len(values))

    def test_one_seed_has_no_interval(self) -> None:
        assert (estimate([0.5]).low, estimate([0.5]).high) == (None, None)


def walk(lab: Laboratory, name: str, policy: Policy, seeds: Sequence[int] = FRESH) -> None:
    lab.work(lab.walk(lab.open_walk(policy, name), seeds))


@pytest.fixture
def lab() -> Iterator[Laboratory]:
    with Laboratory(small_spec(), optimum=0.1, growth=1.5) as lab:
        lab.finish()
        yield lab


def replay(lab: Laboratory, seeds: Sequence[int] = FRESH) -> None:
    walk(lab, REPLAYED, Policy(Replay(tuple(lab.winners()))), seeds)


def test_differences_are_paired_by_seed(lab: Laboratory) -> None:
    replay(lab)
    walk(lab, "constant", Policy(Constant(0.1)))
    run = compare_study(lab.store, "s").runs["constant"]
    paths = {name: view.paths for name, view in view_runs(lab.store, lab.store.study("s")).items()}
    for level in run.levels:
        losses = []
        for seed in FRESH:
            ours, oracle = (paths[name][seed][level.level].result for name in ("constant", "oracle"))
            assert ours is not None
            assert oracle is not None
            losses.append((oracle.test or 0.0) - (ours.test or 0.0))
        assert level.regret == estimate(losses)
    assert run.regret is not None
    later = [level.regret.mean for level in run.levels[1:] if level.regret is not None]
    assert run.regret.mean == pytest.approx(math.fsum(later) / 2)
    assert run.fresh
    assert run.seeds == run.paired == FRESH


def test_the_interval_holds_for_other_test_examples_where_the_answers_are_on_record() -> None:
    with Answering(small_spec(), optimum=0.1, growth=1.5) as lab:
        lab.finish()
        replay(lab)
        walk(lab, "constant", Policy(Constant(0.1)))
        run = compare_study(lab.store, "s").runs["constant"]
        answers = {
            name: path_answers(lab.store, view) for name, view in view_runs(lab.store, lab.store.study("s")).items()
        }
    losses = [answers["oracle"][seed][1:].mean(0) - answers["constant"][seed][1:].mean(0) for seed in FRESH]
    assert run.regret is not None
    assert run.regret.mean == pytest.approx(np.mean(losses))
    assert run.regret.sampling == pytest.approx(math.sqrt(of_examples(np.array(losses))[0]))
    assert "over seeds and test examples" in run.sentence


def test_a_schedule_s_interval_is_the_same_whichever_others_are_shown(lab: Laboratory) -> None:
    replay(lab)
    for name, max_lr in (("constant", 0.1), ("mine", 0.2), ("other", 0.4)):
        walk(lab, name, Policy(Constant(max_lr)), FRESH)
    alone = compare_study(lab.store, "s", names=["mine"]).runs
    assert list(alone) == ["mine"]
    assert alone["mine"] == compare_study(lab.store, "s").runs["mine"]


def test_the_oracle_loses_nothing_to_itself(lab: Laboratory) -> None:
    replay(lab)
    run = compare_study(lab.store, "s").runs["oracle"]
    assert run.regret is not None
    assert (run.regret.mean, run.regret.low, run.regret.high) == (0, 0, 0)


def test_without_the_oracle_on_the_same_seeds_nothing_is_said_of_regret(lab: Laboratory) -> None:
    replay(lab, [5])
    walk(lab, "constant", Policy(Constant(0.1)))
    run = compare_study(lab.store, "s").runs["constant"]
    assert run.paired == ()
    assert run.regret is None
    assert all(level.regret is None for level in run.levels)
    assert "is known once the oracle's curve is trained on the same seeds" in run.sentence


def test_seeds_that_chose_the_winners_are_no_fresh_ones(lab: Laboratory) -> None:
    walk(lab, "constant", Policy(Constant(0.1)), [0, 1000])
    run = compare_study(lab.store, "s").runs["constant"]
    assert not run.fresh
    assert "some of which chose the oracle's winners" in run.sentence


def test_a_run_under_way_counts_as_far_as_every_seed_is(lab: Laboratory) -> None:
    run = lab.open_walk(Policy(Constant(0.1)), "constant")
    lab.work(lab.walk(run, [1000]))
    lab.work(lab.walk(run, FRESH), most=1)
    measured = compare_study(lab.store, "s").runs["constant"]
    assert [level.level for level in measured.levels] == [0]


def test_what_a_schedule_measures_costs_epochs_too(lab: Laboratory) -> None:
    walk(lab, "constant", Policy(Constant(0.1)))
    walk(lab, "gradient-scaled", Policy(GradientScaled(0.1)))
    comparison = compare_study(lab.store, "s")
    assert comparison.runs["constant"].epochs == 3 * 2  # of the simulation's two epochs each
    assert comparison.runs["gradient-scaled"].epochs == 3 * 2 + 3 * 1.5
    assert comparison.search_epochs == lab.store.epochs_trained(lab.run.id) / 2


def test_a_curve_that_has_changed_since_is_no_reference(lab: Laboratory) -> None:
    walk(lab, REPLAYED, Policy(Replay((0.4, 0.4, 0.4))))
    walk(lab, "constant", Policy(Constant(0.1)))
    comparison = compare_study(lab.store, "s")
    assert comparison.runs["constant"].regret is None
    assert "has changed since" in comparison.notes[0]
    assert comparison.curse is not None
    assert comparison.curse.fresh is None


def test_a_run_is_judged_on_the_surface_by_what_it_was_trained_with(lab: Laboratory) -> None:
    walk(lab, "constant", Policy(Constant(0.4)))
    assert compare_study(lab.store, "s").verdicts["constant"].levels[0].max_lr == 0.4


class TestCurse:
    def test_fresh_seeds_tell_how_much_the_choice_flatters(self, lab: Laboratory) -> None:
        replay(lab)
        curse = compare_study(lab.store, "s").curse
        assert curse is not None
        assert curse.fresh is not None
        for level in curse.levels:
            results = [lab.left_by(level.level, lab.winners()[level.level], seed) for seed in (0, 7)]
            assert level.chosen == pytest.approx(sum(result.val or 0.0 for result in results) / 2)
            assert level.test == pytest.approx(sum(result.test or 0.0 for result in results) / 2)
            assert level.fresh is not None
        gaps = [(level.test or 0) - (level.fresh or 0) for level in curse.levels]
        assert curse.fresh.mean == pytest.approx(sum(gaps) / len(gaps))

    def test_it_is_found_where_there_is_nothing_but_noise(self) -> None:
        flat = {"max_lr": {"values": [0.1 + index / 1000 for index in range(12)]}, "widen": 0}
        with Laboratory(small_spec(levels=8, seeds=[0, 1, 2], search=flat), optimum=0.105) as lab:
            replay(lab.finish(), range(1000, 1008))
            curse = compare_study(lab.store, "s").curse
            assert curse is not None
            assert curse.held_out is not None
            assert curse.fresh is not None
            # The best of twelve means of three, each of which has noise of 0.002: 1.63 sd of the mean.
            expected = 1.63 * 0.002 / math.sqrt(3)
            assert curse.fresh.mean == pytest.approx(expected, abs=expected / 2)
            assert curse.held_out > 0

    def test_one_seed_cannot_tell(self) -> None:
        with Laboratory(small_spec(seeds=[0])) as lab:
            curse = compare_study(lab.finish().store, "s").curse
            assert curse is not None
            assert (curse.held_out, curse.fresh) == (None, None)
            assert "One seed cannot show" in curse.sentence


def test_as_json_it_is_plain(lab: Laboratory) -> None:
    replay(lab)
    values = to_json(compare_study(lab.store, "s"))
    assert values["comparison"] == 5
    assert values["runs"]["oracle"]["levels"][1]["regret"] == {"mean": 0, "low": 0, "high": 0}
    assert values["curse"]["sentence"]

"""The verdict on a schedule, and the comparison of a whole study."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest

from oracle.comparison import OracleLevel, compare, judge, to_json
from oracle.results.intervals import Interval
from oracle.results.study_view import view_study
from scyc import Constant, InputError, LinearRamp, Replay, SCyc
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Iterator


def level(number: int, interval: Interval | None) -> OracleLevel:
    return OracleLevel(number, 0.8**number, 0.2, {0.1: [0.8, 0.8], 0.2: [0.9, 0.9], 0.4: [0.7, 0.7]}, interval)


CLOSED = Interval(0.15, 0.25)


class TestLevels:
    def test_inside_costs_what_the_surface_says(self) -> None:
        verdict = judge(Constant(0.2), [level(0, CLOSED)])
        [one] = verdict.levels
        assert (one.inside, one.off, one.regret) == (True, 1.0, 0.0)
        assert (verdict.hits, verdict.judged, verdict.mean_regret) == (1, 1, 0.0)
        assert "Inside the oracle's interval at its one level" in verdict.sentence

    def test_regret_is_interpolated_in_log_max_lr(self) -> None:
        [one] = judge(Constant(math.sqrt(0.1 * 0.2)), [level(0, CLOSED)]).levels
        assert one.regret == pytest.approx(0.05)

    @pytest.mark.parametrize(("max_lr", "off"), [(0.5, 2.0), (0.25, 1.0), (0.15, 1.0), (0.05, 1 / 3)])
    def test_how_far_off_is_a_factor(self, max_lr: float, off: float) -> None:
        [one] = judge(Constant(max_lr), [level(0, CLOSED)]).levels
        assert one.off == pytest.approx(off)
        assert one.inside is (off == 1.0)

    @pytest.mark.parametrize("max_lr", [0.2524, 0.1486])
    def test_a_hit_has_a_slack_of_a_hundredth(self, max_lr: float) -> None:
        verdict = judge(Constant(max_lr), [level(0, CLOSED)])
        assert (verdict.hits, verdict.levels[0].off) == (1, 1.0)
        assert "Inside" in verdict.sentence

    @pytest.mark.parametrize(("max_lr", "by"), [(0.2526, "too high by up to 1.01"), (0.1484, "too low by up to 1.01")])
    def test_what_is_just_beyond_the_slack_says_by_how_much(self, max_lr: float, by: str) -> None:
        assert by in judge(Constant(max_lr), [level(0, CLOSED)]).sentence

    @pytest.mark.parametrize("max_lr", [0.01, 3.0])
    def test_beyond_an_open_bound_nothing_is_held_against_it(self, max_lr: float) -> None:
        [one] = judge(Constant(max_lr), [level(0, Interval(0.1, 0.4, low_open=True, high_open=True))]).levels
        assert one.inside
        assert one.regret is None

    def test_what_could_not_be_judged_counts_neither_way(self) -> None:
        verdict = judge(Constant(0.2), [level(0, None), level(1, CLOSED)])
        assert (verdict.judged, verdict.hits) == (1, 1)
        assert verdict.levels[0].inside is None
        assert judge(Constant(0.2), [level(0, None)]).sentence == "No level has an interval to be judged by."


class TestSentence:
    def test_says_where_it_misses_and_by_how_much(self) -> None:
        levels = [level(number, CLOSED) for number in range(6)]
        verdict = judge(Replay((0.1, 0.2, 0.3, 0.4, 0.35, 0.2)), levels)
        assert verdict.hits == 2
        assert "Outside the oracle's interval at 4 of 6 levels" in verdict.sentence
        assert "too high by up to 1.60 times at levels 2 to 4" in verdict.sentence
        assert "too low by up to 1.50 times at level 0" in verdict.sentence
        assert verdict.worst == 3

    def test_says_where_nothing_is_known(self) -> None:
        verdict = judge(LinearRamp(0.2, 2.0, 3), [level(number, CLOSED) for number in range(4)])
        assert verdict.unknown == (1, 2, 3)
        assert "not known at 3 of 4" in verdict.sentence


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    grid = {"max_lr": {"low": 0.05, "high": 0.8, "count": 9}}
    with Laboratory(small_spec(levels=8, seeds=[0, 1, 2, 3], search=grid), optimum=0.15, growth=1.12) as lab:
        yield lab.finish()


class TestStudy:
    def test_the_oracle_is_inside_its_own_interval_and_loses_nothing(self, lab: Laboratory) -> None:
        verdict = compare(view_study(lab.store, "s")).verdicts["oracle"]
        assert verdict.hits == verdict.judged == 8
        assert verdict.mean_regret == 0

    def test_a_schedule_that_follows_loses_less_than_one_that_stays(self, lab: Laboratory) -> None:
        verdicts = compare(view_study(lab.store, "s")).verdicts
        fitted, constant = verdicts["fitted"].mean_regret, verdicts["constant"].mean_regret
        assert fitted is not None
        assert constant is not None
        assert fitted < constant
        assert verdicts["fitted"].hits > verdicts["constant"].hits

    @pytest.mark.parametrize("rule", ["within", "paired"])
    def test_as_json_it_is_plain_and_has_the_documented_shape(self, rule: str, lab: Laboratory) -> None:
        values = to_json(compare(view_study(lab.store, "s"), rule, names=["constant", "fitted"]))
        assert json.loads(json.dumps(values, allow_nan=False))["comparison"] == 5
        assert list(values["schedules"]) == ["constant", "fitted"]
        for schedule in values["schedules"].values():
            assert schedule.keys() >= {
                "python",
                "levels",
                "judged",
                "hits",
                "mean_regret",
                "mean_raw_regret",
                "sentence",
                "model",
            }
            assert len(schedule["levels"]) == 8
        assert values["fit"].keys() >= {
            "schedule",
            "errors",
            "rise",
            "target",
            "band",
            "held_out",
            "sentences",
            "python",
        }

    def test_the_line_of_code_makes_the_schedule(self, lab: Laboratory) -> None:
        comparison = compare(view_study(lab.store, "s"))
        scope: dict[str, object] = {}
        exec(to_json(comparison)["fit"]["python"], scope)
        schedule = scope["schedule"]
        assert isinstance(schedule, SCyc)
        assert [schedule(m) for m in range(8)] == [comparison.schedules["fitted"](m) for m in range(8)]

    def test_a_wider_tolerance_hits_more(self, lab: Laboratory) -> None:
        view = view_study(lab.store, "s")
        strict, lenient = (compare(view, tolerance=margin).verdicts["constant"].hits for margin in (0.001, 0.05))
        assert strict <= lenient
        assert lenient > 1

    def test_an_unknown_schedule_is_refused(self, lab: Laboratory) -> None:
        with pytest.raises(InputError, match="no schedule 'cosine'; choose one of oracle, smooth, fitted, "):
            compare(view_study(lab.store, "s"), names=["cosine"])

    def test_a_study_without_decisions_is_refused(self) -> None:
        with Laboratory(small_spec()) as fresh, pytest.raises(InputError, match="once the dense network"):
            compare(view_study(fresh.store, "s"))

    def test_two_levels_are_judged_but_not_fitted(self) -> None:
        with Laboratory(small_spec(levels=2)) as short:
            comparison = compare(view_study(short.finish().store, "s"))
            assert comparison.fit is None
            assert "fitted" not in comparison.verdicts
            assert to_json(comparison)["fit"] is None

    def test_the_model_says_the_same_whatever_rule_draws_the_interval(self) -> None:
        with Laboratory(small_spec(levels=2)) as short:
            view = view_study(short.finish().store, "s")
        verdicts = [compare(view, rule, names=["smooth"]).verdicts["smooth"] for rule in ("within", "paired", "model")]
        assert verdicts[0].model is not None
        assert {verdict.model for verdict in verdicts} == {verdicts[0].model}
        assert len({tuple(one.probability for one in verdict.levels) for verdict in verdicts}) == 1
        assert ["of the best at" in verdict.sentence for verdict in verdicts] == [False, False, True]

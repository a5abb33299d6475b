"""Whether narrower gradients go with a larger max_lr: worked values, and what cannot be judged."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.comparison import OracleLevel
from oracle.comparison.gradients import FEWEST_LEVELS, GradientFinding, find_narrowing, gradient_scaled
from scyc import InputError, Replay

RATES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)


def chosen(m: int, *by_seed: float) -> OracleLevel:
    """A level where each seed is best at a max_lr of its own, which wins where most seeds want it."""
    accuracies = {rate: [0.9 if rate == best else 0.8 for best in by_seed] for rate in RATES}
    winner = max(RATES, key=lambda rate: (by_seed.count(rate), -rate))
    return OracleLevel(m, 0.8**m, winner, accuracies)


def curve(*winners: float, seeds: int = 1) -> list[OracleLevel]:
    return [chosen(m, *[winner] * seeds) for m, winner in enumerate(winners)]


def alike(*stds: float, seeds: int = 1) -> list[list[float]]:
    return [[std] * seeds for std in stds]


def text(finding: GradientFinding) -> str:
    return " ".join(finding.sentences)


class TestWorkedValues:
    def test_a_curve_that_goes_with_the_gradients_and_not_with_density(self) -> None:
        levels = curve(0.1, 0.3, 0.2, 0.5, 0.4, seeds=3)
        finding = find_narrowing(levels, {"start": alike(1.0, 0.6, 0.8, 0.2, 0.4, seeds=3)})
        (start,) = finding.points
        assert start.stds == pytest.approx((1.0, 0.6, 0.8, 0.2, 0.4))
        assert start.narrowing == pytest.approx(0.4)
        assert start.correlation == 1.0
        # 1 - 6 (0 + 1 + 1 + 1 + 1) / (5 * 24)
        assert finding.density_correlation == pytest.approx(0.8)
        assert start.advantage == pytest.approx(0.2)
        assert start.interval == (1.0, 1.0)
        assert start.advantage_interval == pytest.approx((0.2, 0.2))
        assert "better than 1/density: the gradients say something about max_lr that density does not" in text(finding)
        assert "At the start of a level the gradients narrow" in finding.sentences[0]
        assert "0.40 times as much" in finding.sentences[0]

    def test_a_spread_that_only_falls_says_no_more_than_density(self) -> None:
        levels = curve(0.1, 0.3, 0.2, 0.5, 0.4, seeds=3)
        finding = find_narrowing(levels, {"end": alike(5.0, 4.0, 3.0, 2.0, 1.0, seeds=3)})
        (end,) = finding.points
        assert end.correlation == finding.density_correlation
        assert end.advantage == 0.0
        assert "no clear difference from 1/density: it does not show whether the gradients say more" in text(finding)

    def test_gradients_that_widen(self) -> None:
        finding = find_narrowing(curve(0.1, 0.2, 0.3, 0.4, seeds=3), {"end": alike(1.0, 2.0, 3.0, 4.0, seeds=3)})
        (end,) = finding.points
        assert (end.narrowing, end.correlation, end.advantage) == (4.0, -1.0, -2.0)
        assert "the gradients widen" in finding.sentences[0]
        assert "worse than 1/density" in text(finding)

    def test_the_spread_is_the_mean_over_seeds(self) -> None:
        levels = curve(0.1, 0.2, 0.3, 0.4, seeds=2)
        finding = find_narrowing(levels, {"start": [[4.0, 6.0], [3.0, 4.0], [1.0, 5.0], [2.0, 2.0]]})
        assert finding.points[0].stds == (5.0, 3.5, 3.0, 2.0)

    def test_equal_winners_share_a_rank(self) -> None:
        finding = find_narrowing(curve(0.1, 0.1, 0.2, 0.2), {"start": alike(4.0, 3.0, 2.0, 1.0)})
        # Pearson's, of (1, 2, 3, 4) and (1.5, 1.5, 3.5, 3.5)
        assert finding.points[0].correlation == pytest.approx(4 / math.sqrt(5 * 4))

    def test_points_come_in_the_order_given(self) -> None:
        stds = {point: alike(4.0, 3.0, 2.0, 1.0) for point in ("start", "middle", "end")}
        finding = find_narrowing(curve(0.1, 0.2, 0.3, 0.4), stds)
        assert [found.point for found in finding.points] == ["start", "middle", "end"]


class TestResampledSeeds:
    LEVELS = (chosen(0, 0.1, 0.1, 0.2), chosen(1, 0.2, 0.2, 0.1), chosen(2, 0.3, 0.3, 0.1), chosen(3, 0.4, 0.4, 0.1))
    STDS = ([4.0, 4.0, 1.0], [3.0, 3.0, 2.0], [2.0, 2.0, 3.0], [1.0, 1.0, 4.0])

    def test_resample_winners_and_spreads_alike(self) -> None:
        (start,) = find_narrowing(self.LEVELS, {"start": self.STDS}).points
        assert start.correlation == 1.0
        assert start.interval is not None
        # The third seed alone: both go the other way, winners 0.2, 0.1, 0.1, 0.1 against 1/std of ranks 4, 3, 2, 1.
        assert start.interval[0] == pytest.approx(3 / math.sqrt(5 * 3))
        assert start.interval[1] == 1.0

    def test_are_the_same_every_time(self) -> None:
        stds = {"start": self.STDS, "end": self.STDS[::-1]}
        assert find_narrowing(self.LEVELS, stds) == find_narrowing(self.LEVELS, stds)

    def test_where_the_curve_is_flat_count_as_no_correlation(self) -> None:
        levels = [chosen(m, rate, rate, 0.1) for m, rate in enumerate((0.1, 0.2, 0.3, 0.4))]
        (start,) = find_narrowing(levels, {"start": alike(4.0, 3.0, 2.0, 1.0, seeds=3)}).points
        assert start.interval == (0.0, 1.0)


class TestCannotBeJudged:
    def test_without_gradients(self) -> None:
        finding = find_narrowing(curve(0.1, 0.2, 0.3, 0.4), {})
        assert finding.points == ()
        assert finding.sentences == ("Gradients were not recorded, so nothing can be said about them.",)

    @pytest.mark.parametrize("seeds", [1, 2])
    def test_how_far_chance_moves_it_with_few_seeds(self, seeds: int) -> None:
        levels = curve(0.1, 0.3, 0.2, 0.4, seeds=seeds)
        finding = find_narrowing(levels, {"start": alike(4.0, 2.0, 3.0, 1.0, seeds=seeds)})
        assert finding.points[0].correlation == 1.0
        assert finding.points[0].interval is finding.points[0].advantage_interval is None
        assert "higher than that of 1/density" in text(finding)
        assert f"With {seeds} seed{'s' if seeds > 1 else ''} it is not known how far chance" in text(finding)

    @pytest.mark.parametrize("count", range(1, FEWEST_LEVELS))
    def test_with_few_levels(self, count: int) -> None:
        levels, stds = curve(*RATES[:count], seeds=3), alike(*(4.0, 3.0, 2.0)[:count], seeds=3)
        finding = find_narrowing(levels, {"start": stds})
        assert finding.density_correlation is finding.points[0].correlation is None
        assert finding.points[0].narrowing == (1.0, 0.75, 0.5)[count - 1]
        assert f"cannot be judged from {count} level{'s' if count > 1 else ''}; it takes 4" in text(finding)

    def test_with_a_flat_curve(self) -> None:
        finding = find_narrowing(curve(0.2, 0.2, 0.2, 0.2, seeds=3), {"start": alike(4.0, 3.0, 2.0, 1.0, seeds=3)})
        assert finding.density_correlation is finding.points[0].correlation is None
        assert finding.points[0].interval is None
        assert "the same at every level, so there is no rise" in text(finding)

    def test_with_gradients_that_stay_as_wide(self) -> None:
        finding = find_narrowing(curve(0.1, 0.2, 0.3, 0.4, seeds=3), {"start": alike(2.0, 2.0, 2.0, 2.0, seeds=3)})
        assert finding.points[0].correlation is None
        assert finding.points[0].interval is None
        assert "equally wide at every level, so they have no correlation" in text(finding)
        assert "chance" not in text(finding)

    def test_the_narrowing_of_a_dense_network_without_gradients(self) -> None:
        finding = find_narrowing(curve(0.1, 0.2, 0.3, 0.4), {"start": alike(0.0, 3.0, 2.0, 1.0)})
        assert finding.points[0].narrowing is None
        assert finding.points[0].correlation == pytest.approx(
            -0.2
        )  # 1/0 is the largest: 1 - 6 (9 + 1 + 1 + 1) / (4 * 15)
        assert "the dense network had no gradients" in text(finding)

    @pytest.mark.parametrize(
        "stds", [alike(3.0, 2.0, 1.0), alike(4.0, 3.0, 2.0, 1.0, seeds=2), [[1.0], [], [1.0], [1.0]]]
    )
    def test_stds_of_other_levels_or_seeds_are_refused(self, stds: list[list[float]]) -> None:
        with pytest.raises(InputError, match="for each decided level and seed"):
            find_narrowing(curve(0.1, 0.2, 0.3, 0.4), {"start": stds})
        with pytest.raises(InputError, match="for each decided level and seed"):
            gradient_scaled(curve(0.1, 0.2, 0.3, 0.4), stds, 1.0)

    @pytest.mark.parametrize("std", [math.nan, math.inf, -1.0])
    def test_what_is_no_standard_deviation_is_refused(self, std: float) -> None:
        with pytest.raises(InputError, match="at the end must be a number of 0 or more"):
            find_narrowing(curve(0.1, 0.2), {"end": alike(1.0, std)})


ORACLES = st.integers(1, 4).flatmap(
    lambda seeds: st.lists(
        st.tuples(
            st.lists(st.sampled_from(RATES), min_size=seeds, max_size=seeds),
            st.lists(st.floats(0, 1e3), min_size=seeds, max_size=seeds),
        ),
        min_size=1,
        max_size=7,
    )
)


@given(ORACLES)
@settings(deadline=None, max_examples=40)
def test_whatever_it_is_given_it_says_in_numbers(oracle: list[tuple[list[float], list[float]]]) -> None:
    levels = [chosen(m, *winners) for m, (winners, _) in enumerate(oracle)]
    finding = find_narrowing(levels, {"start": [stds for _, stds in oracle]})
    json.dumps(asdict(finding), allow_nan=False)
    assert finding.sentences
    assert all(sentence.endswith(".") and "nan" not in sentence for sentence in finding.sentences)
    (start,) = finding.points
    if start.correlation is not None:
        assert -1 <= start.correlation <= 1
        assert (start.interval is None) == (len(oracle[0][0]) < 3)
    if start.interval is not None:
        assert -1 <= start.interval[0] <= start.interval[1] <= 1


class TestGradientScaled:
    def test_makes_up_for_the_narrowing(self) -> None:
        schedule = gradient_scaled(curve(0.2, 0.1, 0.6), alike(1.0, 0.5, 2.0), cap=0.6)
        assert schedule == Replay((0.2, 0.4, 0.1))

    def test_stops_at_the_cap(self) -> None:
        assert gradient_scaled(curve(0.2, 0.1), alike(1.0, 0.1), cap=0.6) == Replay((0.2, 0.6))

    def test_goes_by_the_mean_over_seeds(self) -> None:
        stds = [[1.0, 3.0], [0.5, 1.5]]
        assert gradient_scaled(curve(0.2, 0.1, seeds=2), stds, cap=0.6) == Replay((0.2, 0.4))

    @pytest.mark.parametrize("stds", [alike(0.0, 1.0), alike(1.0, 0.0)])
    def test_there_is_none_without_gradients(self, stds: list[list[float]]) -> None:
        assert gradient_scaled(curve(0.2, 0.1), stds, cap=0.6) is None

    def test_there_is_none_where_levels_are_missing(self) -> None:
        assert gradient_scaled([], [], cap=0.6) is None
        assert gradient_scaled(curve(0.2, 0.1, 0.3)[1:], alike(1.0, 1.0), cap=0.6) is None

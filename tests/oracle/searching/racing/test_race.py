"""The race: what it spends, what it finds, and that nothing but the trials decides what comes next."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING

import pytest

from oracle.searching.candidates import TOLERANCE, Cell
from oracle.searching.level_search import LevelSearch, make_search
from oracle.searching.machine import Blocked, Decide, Stuck, Train, Wait, next_action
from oracle.spec.files import parse_spec
from scyc import InputError, StopRule
from tests.oracle.searching.racing.simulation import DROP, EPOCHS, LEVELS, SEEDS, Hills, race, racing

if TYPE_CHECKING:
    from collections.abc import Sequence


def rising(first: float, level: int) -> float:
    return first * 1.15**level


RISING = Hills(partial(rising, 0.15))


def share(candidates: int, cells: Sequence[Sequence[Cell]]) -> float:
    """Return what the cells cost, as a share of the grid's epochs."""
    epochs = sum(len(cell.curve) for level in cells for cell in level)
    return epochs / (candidates * len(SEEDS) * len(cells) * EPOCHS)


class TestPrice:
    @pytest.mark.parametrize("budget", [0.2, 0.25, 0.4])
    def test_it_stays_within_its_budget(self, budget: float) -> None:
        _, cells = race(RISING, racing(budget=budget))
        assert share(12, cells) <= budget + 0.005

    def test_a_budget_that_does_not_suffice_for_a_winner_is_overdrawn_for_one(self) -> None:
        """Three candidates on one seed, and one of them on all: nothing less decides a level."""
        winners, cells = race(RISING, racing(budget=0.01))
        assert len(winners) == LEVELS
        assert all(len(level) <= 7 for level in cells[1:])

    def test_it_ends_by_itself_where_everything_is_certain(self) -> None:
        _, cells = race(Hills(lambda _: 0.2, noise=0.0005), racing(budget=1.0))
        assert share(12, cells) < 0.5


class TestWinner:
    @pytest.mark.parametrize("budget", [0.25, 0.4])
    def test_it_is_as_good_as_the_best_at_nearly_all_levels(self, budget: float) -> None:
        surfaces = [Hills(partial(rising, first)) for first in (0.05, 0.1, 0.2, 0.3)]
        losses = []
        for hills in surfaces:
            spec = racing(budget=budget)
            winners, _ = race(hills, spec)
            for level, winner in enumerate(winners):
                best = min(hills.loss(level, rate) for rate in spec.search.max_lr.grid())
                losses.append(hills.loss(level, winner) - best)
        assert sum(loss > TOLERANCE for loss in losses) <= 0.1 * len(losses)
        assert math.fsum(losses) / len(losses) < 0.3 * TOLERANCE

    @pytest.mark.parametrize("seeds", [[0], [0, 1], [0, 1, 2], [3, 1, 4, 0, 5]], ids=len)
    def test_it_is_the_best_of_those_that_are_trained_on_all_seeds(self, seeds: list[int]) -> None:
        spec = racing(budget=0.4).model_copy(update={"seeds": seeds})
        winners, cells = race(RISING, spec)
        for winner, level in zip(winners, cells, strict=True):
            found: dict[float, dict[int, float]] = {}
            for cell in level:
                if cell.score is not None:
                    found.setdefault(cell.max_lr, {})[cell.seed] = cell.score
            means = {rate: sum(each.values()) for rate, each in found.items() if each.keys() == set(seeds)}
            assert winner == max(means, key=means.__getitem__)

    def test_beyond_the_grid_it_widens_as_often_as_it_may(self) -> None:
        beyond = Hills(lambda _: 2.5, noise=0.001)
        for widen, largest in ((0, 1.0), (2, 2.038)):
            _, cells = race(beyond, racing(widen=widen, budget=0.5))
            assert max(cell.max_lr for cell in cells[0]) == pytest.approx(largest, rel=1e-3)

    def test_it_never_climbs_past_divergence(self) -> None:
        cliff = replace(RISING, ceiling=0.3)
        winners, cells = race(cliff, racing(budget=0.4))
        assert max(winners) <= 0.3
        for level in cells[1:]:
            assert sum(cell.diverged for cell in level) <= len(SEEDS)

    def test_where_all_that_it_tries_diverges_it_goes_down(self) -> None:
        winners, _ = race(Hills(lambda _: 0.03, ceiling=0.025), racing())
        assert set(winners) == {0.02}

    def test_a_level_without_any_network_is_stuck(self) -> None:
        spec = racing(widen=0)
        cells: list[Cell] = []
        while isinstance(action := next_action(LEVELS, 0, SEEDS, cells, make_search(spec, 0)), Train):
            cells += [replace(c, state="complete", score=0.0, diverged=True, finite=False) for c in action.cells]
        assert action == Stuck()
        assert min(cell.max_lr for cell in cells) == 0.02


class TestStops:
    def test_hopeless_cells_of_the_bracket_are_stopped_after_the_drop(self) -> None:
        _, cells = race(RISING, racing())
        stopped = [(level, cell) for level, found in enumerate(cells) for cell in found if cell.state == "stopped"]
        assert len(stopped) >= LEVELS - 1
        for level, cell in stopped:
            assert len(cell.curve) == DROP + 1
            assert RISING.loss(level, cell.max_lr) > TOLERANCE
            assert not any(other.state == "complete" and other.max_lr == cell.max_lr for other in cells[level])

    def test_a_profile_without_a_drop_stops_nothing(self) -> None:
        spec = parse_spec({"levels": 2, "profile": {"kind": "cosine"}, "search": {"method": "racing"}}, "of the test")
        _, cells = race(RISING, spec)
        assert all(cell.stop is None and cell.state == "complete" for level in cells for cell in level)

    def test_what_was_stopped_closes_the_bracket_and_is_no_edge(self) -> None:
        """The winner is the largest candidate with a result, and a larger one was tried."""
        cells = [
            Cell(rate, seed, 0, "complete", 0.8 + rate, curve=(0.7,) * EPOCHS) for rate in (0.1, 0.2) for seed in SEEDS
        ]
        larger = Cell(0.3, 0, 1, "stopped", stop=StopRule(DROP, 0.75), curve=(0.6,) * (DROP + 1))

        class Nothing(LevelSearch):
            def wanted(self, seeds: Sequence[int], cells: Sequence[Cell], /) -> list[Cell]:
                return []

        assert next_action(1, 0, SEEDS, cells, Nothing()) == Decide(0.2, edge=True)
        assert next_action(1, 0, SEEDS, [*cells, larger], Nothing()) == Decide(0.2, edge=False)


class TestPurity:
    @pytest.mark.parametrize(("budget", "seeds"), [(0.15, [0, 1]), (0.25, [0]), (0.4, [3, 1, 0]), (0.5, [0, 1])])
    def test_neither_workers_nor_the_order_in_which_trials_end_matter(self, budget: float, seeds: list[int]) -> None:
        spec = racing(budget=budget).model_copy(update={"seeds": seeds})
        alone = race(RISING, spec)
        for workers in (1, 2, 64):
            assert race(RISING, spec, workers, Random(workers)) == alone

    def test_it_waits_for_what_it_has_asked_for(self) -> None:
        spec = racing()
        action = next_action(LEVELS, 0, SEEDS, [], make_search(spec, 0))
        assert isinstance(action, Train)
        done = [RISING.train(0, cell) for cell in action.cells]
        assert next_action(LEVELS, 0, SEEDS, [*done[1:], action.cells[0]], make_search(spec, 0)) == Wait()
        failed = replace(action.cells[0], state="failed")
        assert next_action(LEVELS, 0, SEEDS, [*done[1:], failed], make_search(spec, 0)) == Blocked((failed,))

    def test_no_cell_is_asked_for_twice(self) -> None:
        _, cells = race(RISING, racing(budget=0.6))
        for level in cells:
            assert len({(cell.max_lr, cell.seed) for cell in level}) == len(level)

    def test_a_seed_that_is_added_is_trained_on_the_winner(self) -> None:
        spec = racing()
        _, [cells, *_] = race(RISING, spec)
        more = [*SEEDS, 7]
        while isinstance(action := next_action(LEVELS, 0, more, cells, make_search(spec, 0)), Train):
            cells = [*cells, *(RISING.train(0, cell) for cell in action.cells)]
        assert isinstance(action, Decide)
        assert {cell.seed for cell in cells if cell.max_lr == action.winner} == set(more)


class TestSpec:
    def test_budget_and_certainty_are_of_a_race_alone(self) -> None:
        with pytest.raises(InputError, match=r'budget can be given only with method = "racing"'):
            parse_spec({"search": {"budget": 0.5}}, "of the test")
        assert {"budget", "certainty"} <= racing().to_dict()["search"].keys()
        grid = parse_spec({}, "of the test")
        assert not {"budget", "certainty"} & grid.to_dict()["search"].keys()

    def test_it_is_read_again_as_it_was_written(self) -> None:
        spec = racing(budget=0.15)
        again = parse_spec(spec.to_dict(), "of the test")
        assert again == spec
        assert again.hash == spec.hash != racing().hash
        assert again.trial_hash == parse_spec({}, "of the test").trial_hash
        assert spec.trials_per_level == math.ceil(0.15 * 36)

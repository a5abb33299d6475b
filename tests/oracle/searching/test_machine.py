"""The state machine, with a simulated executor: whole studies in milliseconds."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.searching.candidates import Candidate, Cell, best, candidates, is_edge
from oracle.searching.level_search import Rounds
from oracle.searching.machine import Blocked, Decide, Finished, Stuck, Train, Wait, next_action
from oracle.searching.proposers.grid import GridProposer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oracle.searching.machine import Action

GRID = [0.05, 0.1, 0.2, 0.4, 0.8]
SEEDS = (0, 1, 2)

thorough = settings(max_examples=60, deadline=None, derandomize=True)


class Scripted:
    """Proposes what it was told to, round by round."""

    def __init__(self, *rounds: list[float]) -> None:
        self.rounds = rounds

    def propose(self, observed: Sequence[Candidate], /) -> list[float]:
        done = len({candidate.round for candidate in observed})
        return self.rounds[done] if done < len(self.rounds) else []


def cell(max_lr: float, score: float, seed: int = 0, round: int = 0, diverged: bool = False) -> Cell:  # noqa: A002
    return Cell(max_lr, seed, round, "complete", score, diverged)


def decide(cells: Sequence[Cell]) -> Decide:
    action = next_action(1, 0, sorted({c.seed for c in cells}), cells, Rounds(Scripted([1.0])))
    assert isinstance(action, Decide)
    return action


def test_a_candidate_is_one_whenever_its_seeds_were_proposed() -> None:
    [one, other] = candidates([cell(0.2, 0.9, seed=1, round=2), cell(0.1, 0.7), cell(0.2, 0.8, seed=0)])
    assert (one.max_lr, one.round, one.by_seed) == (0.1, 0, (0.7,))
    assert (other.max_lr, other.round, other.by_seed) == (0.2, 0, (0.8, 0.9))
    assert other.score == pytest.approx(0.85)


class TestActions:
    def test_a_fresh_level_begins_with_proposals(self) -> None:
        assert next_action(1, 0, (0,), [], Rounds(GridProposer(GRID, "log", 0))) == Train(
            tuple(Cell(max_lr, 0, 0, "pending") for max_lr in GRID)
        )

    def test_nothing_is_decided_while_a_trial_is_under_way(self) -> None:
        cells = [cell(0.1, 0.9), Cell(0.2, 0, 0, "pending")]
        assert next_action(1, 0, (0,), cells, Rounds(Scripted([0.1, 0.2]))) == Wait()

    def test_failed_trials_wait_for_the_others_to_end(self) -> None:
        cells = [Cell(0.1, 0, 0, "failed"), Cell(0.2, 0, 0, "pending")]
        assert next_action(1, 0, (0,), cells, Rounds(Scripted([0.1, 0.2]))) == Wait()

    def test_a_level_is_not_decided_over_a_failed_trial(self) -> None:
        failed = Cell(0.1, 0, 0, "failed")
        assert next_action(1, 0, (0,), [failed, cell(0.2, 0.9)], Rounds(Scripted([0.1, 0.2]))) == Blocked((failed,))

    def test_the_next_round_is_proposed_under_the_next_number(self) -> None:
        cells = [cell(0.1, 0.9), cell(0.2, 0.8)]
        assert next_action(1, 0, (0,), cells, Rounds(Scripted([0.1, 0.2], [0.3]))) == Train(
            (Cell(0.3, 0, 1, "pending"),)
        )

    def test_seeds_that_were_added_are_trained_on_every_candidate_first(self) -> None:
        cells = [cell(0.1, 0.9), cell(0.2, 0.8), cell(0.3, 0.7, round=1)]
        missing = tuple(Cell(max_lr, 5, round_, "pending") for max_lr, round_ in [(0.1, 0), (0.2, 0), (0.3, 1)])
        assert next_action(1, 0, (0, 5), cells, Rounds(Scripted([0.1, 0.2], [0.3]))) == Train(missing)

    def test_a_level_is_decided_when_nothing_more_is_proposed(self) -> None:
        cells = [cell(0.1, 0.8), cell(0.2, 0.9), cell(0.3, 0.7)]
        assert next_action(1, 0, (0,), cells, Rounds(Scripted([0.1, 0.2, 0.3]))) == Decide(0.2, edge=False)

    def test_a_run_is_finished_after_its_last_level(self) -> None:
        assert next_action(3, 3, (0,), [], Rounds(GridProposer(GRID, "log", 4))) == Finished()
        assert next_action(3, 2, (0,), [], Rounds(GridProposer(GRID, "log", 4))) != Finished()


class TestDecision:
    def test_the_winner_is_the_best_on_average_not_on_one_seed(self) -> None:
        cells = [cell(0.1, 0.80, 0), cell(0.1, 0.80, 1), cell(0.2, 0.95, 0), cell(0.2, 0.60, 1)]
        assert decide(cells).winner == 0.1

    def test_of_equals_the_smallest_wins(self) -> None:
        assert decide([cell(0.4, 0.9), cell(0.2, 0.9), cell(0.3, 0.9), cell(0.1, 0.8)]).winner == 0.2

    def test_of_equals_on_average_the_smallest_wins_whatever_the_rounding(self) -> None:
        # 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1 in floating point
        rising = [cell(0.1, value, seed) for seed, value in enumerate((0.1, 0.2, 0.3))]
        falling = [cell(0.2, value, seed) for seed, value in enumerate((0.3, 0.2, 0.1))]
        assert decide(rising + falling).winner == 0.1
        swapped = [replace(c, max_lr=0.3 - c.max_lr) for c in rising + falling]
        assert decide(swapped).winner == pytest.approx(0.1)

    def test_a_diverged_trial_never_wins_over_one_that_did_not(self) -> None:
        cells = [cell(0.1, 0.5), cell(0.2, 0.9, diverged=True), cell(0.3, 0.1)]
        assert decide(cells) == Decide(0.1, edge=True)

    def test_nor_does_a_candidate_that_diverged_on_one_seed_of_three(self) -> None:
        lucky = [cell(0.2, 0.9, 0), cell(0.2, 0.9, 1), cell(0.2, 0.9, 2, diverged=True)]
        assert decide([*lucky, *(cell(0.1, 0.5, seed) for seed in range(3))]).winner == 0.1

    def test_where_all_diverged_the_next_level_starts_from_the_best_finite_one(self) -> None:
        cells = [
            cell(0.1, 0.11, diverged=True),
            cell(0.2, 0.12, diverged=True),
            Cell(0.3, 0, 0, "complete", 0.88, diverged=True, finite=False),
        ]
        assert decide(cells) == Decide(0.2, edge=False, silence="diverged")

    @pytest.mark.parametrize("finite", [(False,) * 4, (True, False, False, True)])
    def test_where_none_is_finite_on_every_seed_it_is_stuck(self, finite: tuple[bool, ...]) -> None:
        places = [(0.1, 0), (0.1, 1), (0.2, 0), (0.2, 1)]
        cells = [
            Cell(max_lr, seed, 0, "complete", 0.0, not sound, sound)
            for (max_lr, seed), sound in zip(places, finite, strict=True)
        ]
        assert next_action(1, 0, (0, 1), cells, Rounds(GridProposer([0.1, 0.2], "log", 4))) == Stuck()

    def test_equal_candidates_say_nothing(self) -> None:
        equal = [cell(max_lr, accuracy, seed) for max_lr in (0.1, 0.2) for seed, accuracy in enumerate((0.5, 0.6))]
        assert decide(equal) == Decide(0.1, edge=False, silence="equal")
        assert decide([*equal, cell(0.4, 0.9, diverged=True), cell(0.4, 0.9, 1)]).silence == "equal"
        swapped = [replace(c, score=1.1 - (c.score or 0)) if c.max_lr == 0.2 else c for c in equal]
        assert decide(swapped).silence is None  # equal on average, but not seed by seed

    @pytest.mark.parametrize(("winner", "edge"), [(0.1, True), (0.2, False), (0.3, True)])
    def test_a_winner_on_the_edge_is_flagged(self, winner: float, edge: bool) -> None:
        cells = [cell(max_lr, 0.9 if max_lr == winner else 0.5) for max_lr in (0.1, 0.2, 0.3)]
        assert decide(cells) == Decide(winner, edge)

    def test_a_single_candidate_is_on_the_edge(self) -> None:
        assert decide([cell(0.1, 0.9)]) == Decide(0.1, edge=True)

    @thorough
    @given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=8))
    def test_the_winner_has_the_highest_mean(self, table: list[list[float]]) -> None:
        cells = [cell(0.1 * (i + 1), value, seed) for i, row in enumerate(table) for seed, value in enumerate(row)]
        means = {0.1 * (i + 1): math.fsum(row) / 3 for i, row in enumerate(table)}
        assert decide(cells).winner == min(lr for lr, mean in means.items() if mean == max(means.values()))


class TestCandidates:
    def test_are_means_over_seeds_in_the_order_of_the_rounds(self) -> None:
        cells = [
            cell(0.1, 0.5, 0, round=1),
            cell(0.4, 0.2, 0, diverged=True),
            cell(0.4, 0.4, 1),
            cell(0.2, 0.6, 0),
            cell(0.2, 0.8, 1),
            Cell(0.9, 0, 1, "pending"),
            Cell(0.9, 1, 1, "failed"),
        ]
        assert candidates(cells) == [
            Candidate(0.2, 0, pytest.approx(0.7), diverged=False, by_seed=(0.6, 0.8)),  # type: ignore[arg-type]
            Candidate(0.4, 0, pytest.approx(0.3), diverged=True, by_seed=(0.2, 0.4)),  # type: ignore[arg-type]
            Candidate(0.1, 1, 0.5, diverged=False, by_seed=(0.5,)),
        ]

    def test_the_best_and_the_edge_can_be_asked_for(self) -> None:
        observed = [Candidate(0.1, 0, 0.5, False), Candidate(0.2, 0, 0.9, False)]
        assert best(observed) == observed[1]
        assert is_edge(observed[1], observed)
        assert not is_edge(observed[1], [*observed, Candidate(0.3, 1, 0.5, False)])


Surface = "Callable[[int, float, int], tuple[float, bool]]"


def bell(optimum: Callable[[int], float], ceiling: float = math.inf) -> Callable[[int, float, int], tuple[float, bool]]:
    """An accuracy surface with one peak per level, seed noise, and divergence above a ceiling."""

    def accuracy(level: int, max_lr: float, seed: int) -> tuple[float, bool]:
        if max_lr > ceiling:
            return 0.1, True
        noise = Random(f"{level} {max_lr} {seed}").gauss(0, 0.001)
        return 0.9 - 0.05 * math.log(max_lr / optimum(level)) ** 2 + noise, False

    return accuracy


def simulate(
    levels: int,
    surface: Callable[[int, float, int], tuple[float, bool]],
    proposer: GridProposer,
    order: Random,
    at_once: int = 4,
) -> tuple[list[Decide], list[list[Cell]], list[Action]]:
    """Run a study whose trials end in a random order; return decisions, cells and every action of the machine."""
    decisions: list[Decide] = []
    history: list[list[Cell]] = []
    actions: list[Action] = []
    cells: list[Cell] = []
    while True:
        action = next_action(levels, len(decisions), SEEDS, cells, Rounds(proposer))
        actions.append(action)
        match action:
            case Finished():
                return decisions, history, actions
            case Train(new):
                assert {c.state for c in new} == {"pending"}
                assert {c.max_lr for c in new}.isdisjoint(c.max_lr for c in cells)
                cells += new
            case Wait():
                pending = [i for i, c in enumerate(cells) if c.state == "pending"][:at_once]
                i = order.choice(pending)
                accuracy, diverged = surface(len(decisions), cells[i].max_lr, cells[i].seed)
                done = Cell(cells[i].max_lr, cells[i].seed, cells[i].round, "complete", accuracy, diverged)
                cells = cells[:i] + cells[i + 1 :]
                cells.insert(order.randrange(len(cells) + 1), done)
            case Decide():
                decisions.append(action)
                history.append(cells)
                cells = []
            case _:
                pytest.fail(f"{action} is not to be expected here.")


class TestWholeStudies:
    def test_the_oracle_follows_an_optimum_that_climbs(self) -> None:
        def optimum(level: int) -> float:
            return GRID[1 + level // 4]

        decisions, history, _ = simulate(12, bell(optimum), GridProposer(GRID, "log", 4), Random(0))
        assert [d.winner for d in decisions] == [optimum(level) for level in range(12)]
        assert not any(d.edge for d in decisions)
        assert all(len(cells) == len(GRID) * len(SEEDS) for cells in history)

    def test_the_machine_waits_once_per_trial_and_no_more(self) -> None:
        _, history, actions = simulate(3, bell(lambda _: 0.2), GridProposer(GRID, "log", 0), Random(0))
        assert sum(isinstance(action, Wait) for action in actions) == sum(map(len, history))
        assert sum(isinstance(action, Train) for action in actions) == 3

    @thorough
    @given(
        order=st.randoms(use_true_random=False),
        at_once=st.integers(1, 20),
        widen=st.integers(0, 4),
        peak=st.sampled_from([0.02, 0.1, 0.3, 1.5]),
        scale=st.sampled_from(["log", "linear"]),
    )
    def test_the_order_in_which_trials_end_changes_nothing(
        self, order: Random, at_once: int, widen: int, peak: float, scale: str
    ) -> None:
        def study(order: Random, at_once: int) -> tuple[list[Decide], list[list[float]]]:
            proposer = GridProposer(GRID, "log" if scale == "log" else "linear", widen)
            decisions, history, _ = simulate(3, bell(lambda level: peak * 1.3**level), proposer, order, at_once)
            return decisions, [sorted({c.max_lr for c in cells}) for cells in history]

        assert study(order, at_once) == study(Random(0), 1)


def tried(history: list[list[Cell]], level: int = 0) -> list[float]:
    return sorted({c.max_lr for c in history[level]})


class TestWidening:
    def test_goes_on_until_the_optimum_is_inside(self) -> None:
        decisions, history, _ = simulate(1, bell(lambda _: 1.6), GridProposer(GRID, "log", 4), Random(0))
        assert decisions == [Decide(1.6, edge=False)]
        assert tried(history) == [*GRID, 1.6, 3.2]

    def test_goes_downwards_too(self) -> None:
        decisions, history, _ = simulate(1, bell(lambda _: 0.0125), GridProposer(GRID, "log", 4), Random(0))
        assert decisions == [Decide(0.0125, edge=False)]
        assert tried(history) == [0.00625, 0.0125, 0.025, *GRID]

    @pytest.mark.parametrize("widen", [0, 1, 3])
    def test_is_bounded_and_then_flags_the_edge(self, widen: int) -> None:
        decisions, history, _ = simulate(1, bell(lambda _: 1e6), GridProposer(GRID, "log", widen), Random(0))
        assert decisions == [Decide(GRID[-1] * 2**widen, edge=True)]
        assert len(tried(history)) == len(GRID) + widen

    def test_each_level_has_its_own_bound(self) -> None:
        _, history, _ = simulate(3, bell(lambda _: 1e6), GridProposer(GRID, "log", 2), Random(0))
        assert [len(tried(history, level)) for level in range(3)] == [len(GRID) + 2] * 3

    def test_stops_at_divergence(self) -> None:
        surface = bell(lambda _: 3.2, ceiling=1.0)
        decisions, history, _ = simulate(1, surface, GridProposer(GRID, "log", 4), Random(0))
        assert tried(history) == [*GRID, 1.6]  # 1.6 diverged: nothing to find beyond
        assert decisions == [Decide(0.8, edge=False)]

    def test_goes_down_from_the_only_one_that_did_not_diverge(self) -> None:
        observed = [Candidate(0.1, 0, 0.5, False), Candidate(0.2, 0, 0.9, True)]
        assert GridProposer([0.1, 0.2], "log", 4).propose(observed) == [0.05]

    @pytest.mark.parametrize(
        "surface",
        [bell(lambda _: 0.02, ceiling=0.03), lambda *_: (0.88, False), lambda *_: (0.1, True)],
        ids=["a grid that is too high", "equal", "at chance"],
    )
    def test_does_not_start_where_a_level_says_nothing(self, surface: Any) -> None:
        decisions, history, _ = simulate(2, surface, GridProposer(GRID, "log", 4), Random(0))
        assert [tried(history, level) for level in range(2)] == [GRID, GRID]
        assert [(decision.edge, decision.silence is None) for decision in decisions] == [(False, False)] * 2

    def test_takes_equal_steps_on_a_linear_scale(self) -> None:
        proposer = GridProposer([0.1, 0.2, 0.3], "linear", 2)
        _, history, _ = simulate(1, bell(lambda _: 1e6), proposer, Random(0))
        assert tried(history) == [0.1, 0.2, 0.3, 0.4, 0.5]

    def test_never_reaches_zero_on_a_linear_scale(self) -> None:
        proposer = GridProposer([0.2, 0.3, 0.4], "linear", 4)
        decisions, history, _ = simulate(1, bell(lambda _: 1e-6), proposer, Random(0))
        assert tried(history) == [0.1, 0.2, 0.3, 0.4]
        assert decisions == [Decide(0.1, edge=True)]

    @thorough
    @given(
        grid=st.lists(st.floats(1e-3, 10).map(lambda x: float(f"{x:.4g}")), min_size=1, max_size=6, unique=True),
        scale=st.sampled_from(["log", "linear"]),
        widen=st.integers(0, 6),
        peak=st.floats(1e-4, 1e3),
    )
    def test_what_is_proposed_is_always_new_positive_finite_and_bounded(
        self, grid: list[float], scale: str, widen: int, peak: float
    ) -> None:
        proposer = GridProposer(sorted(grid), "log" if scale == "log" else "linear", widen)
        decisions, history, _ = simulate(2, bell(lambda _: peak), proposer, Random(0))
        for level, decision in enumerate(decisions):
            lrs = tried(history, level)
            assert set(grid) <= set(lrs)
            assert len(grid) <= len(lrs) <= len(grid) + widen
            assert all(0 < lr < math.inf for lr in lrs)
            assert decision.edge == (decision.winner in (lrs[0], lrs[-1]))

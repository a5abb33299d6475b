"""A method on the simulated clock."""

from __future__ import annotations

import pytest

from oracle.replaying import Recording, method_spec, simulate
from scyc import InputError
from tests.oracle.replaying.studies import SEEDS, laboratory, made_up, real


def test_the_grid_itself_is_the_study() -> None:
    with laboratory() as study:
        store = study.finish().store
        recording = Recording.from_study(store, "s")
        levels, trials = study.state()
        epochs = store.epochs_trained(study.run.id)
    walk = simulate(recording, method_spec(recording, "grid"), SEEDS, workers=3)
    assert [decision.winner for decision in walk.decisions] == [winner for _, _, winner, _ in levels]
    assert {(one.level, one.cell.max_lr, one.cell.seed, one.cell.score) for one in walk.trained} == {
        (level, max_lr, seed, result.val) for level, _, max_lr, seed, _, _, result in trials
    }
    assert len(walk.trained) == len(trials)
    assert walk.epochs == epochs
    assert walk.outside == 0


def test_the_grid_of_a_real_study_is_that_study() -> None:
    walk = simulate(real(), method_spec(real(), "grid"), real().seeds.tolist(), 8)
    assert [decision.winner for decision in walk.decisions] == real().winners.tolist()
    assert walk.epochs == real().epochs.sum()


def test_the_clock_with_two_workers() -> None:
    # 5 candidates x 3 seeds of 2 epochs at each of 4 levels: 8 turns, and in the last one a worker has nothing to do
    walk = simulate(made_up(), method_spec(made_up(), "grid"), SEEDS[:3], workers=2)
    assert walk.epochs == 4 * 5 * 3 * 2
    assert walk.clock == 4 * 8 * 2
    assert walk.busy == pytest.approx(15 / 16)
    assert [decision.end for decision in walk.decisions] == [16, 32, 48, 64]
    assert [(one.start, one.end) for one in walk.trained[:4]] == [(0, 2), (0, 2), (2, 4), (2, 4)]
    assert all(sum(other.start <= one.start < other.end for other in walk.trained) <= 2 for one in walk.trained)


def test_with_more_workers_than_cells_a_level_takes_as_long_as_its_rounds() -> None:
    walk = simulate(made_up(), method_spec(made_up(), "grid"), SEEDS[:3], workers=64)
    assert walk.clock == 4 * 2
    assert walk.busy == pytest.approx(15 / 64)
    sampled = simulate(made_up(), method_spec(made_up(), "random", {"search.batch": 2}), SEEDS[:3], workers=64)
    assert sampled.clock == 4 * 3 * 2  # rounds of 2, 2 and 1 candidates


def test_a_training_that_ends_early_leaves_its_worker_to_others() -> None:
    recording = made_up()
    shortened = recording.epochs.copy()
    shortened[:, 4] = 1  # the largest candidate, which is not finite
    shorter = Recording(**(vars(recording) | {"epochs": shortened}))
    walk = simulate(shorter, method_spec(shorter, "grid"), SEEDS, workers=4)
    assert walk.epochs == 4 * 4 * (4 * 2 + 1)
    assert walk.clock == 4 * (4 * 2 + 1)
    uneven = simulate(shorter, method_spec(shorter, "grid"), SEEDS, workers=3)
    assert walk.clock < uneven.clock < 4 * (4 * 2 + 1) * 4 / 3 + 4 * 2


@pytest.mark.parametrize("method", ["grid", "tpe", "cmaes", "random"])
def test_the_result_does_not_depend_on_the_number_of_workers(method: str) -> None:
    spec = method_spec(real(), method, {"search.max_lr.count": 5, "search.batch": 2})
    alone, *others = [simulate(real(), spec, [3, 0, 5], workers) for workers in (1, 2, 64)]
    for walk in others:
        assert [one.cell for one in walk.trained] == [one.cell for one in alone.trained]
        assert [one.winner for one in walk.decisions] == [one.winner for one in alone.decisions]
        assert walk.epochs == alone.epochs
        assert walk.clock < alone.clock


def test_what_is_outside_the_grid_is_counted() -> None:
    wider = method_spec(made_up(), "grid", {"search.max_lr": {"values": [0.01, 0.2, 3.0]}})
    walk = simulate(made_up(), wider, SEEDS[:2])
    assert walk.outside == 4 * 2 * 2
    assert {one.cell.max_lr for one in walk.trained if one.outside} == {0.01, 3.0}


def test_a_method_without_a_finite_candidate_is_stuck() -> None:
    walk = simulate(made_up(), method_spec(made_up(), "grid", {"search.max_lr": {"values": [0.8, 0.9]}}), SEEDS)
    assert walk.decisions == ()
    assert len(walk.trained) == 2 * 4


def test_what_makes_no_sense_is_refused() -> None:
    spec = method_spec(made_up(), "grid")
    with pytest.raises(InputError, match="has no seed 1"):
        simulate(made_up(), spec, [1])
    with pytest.raises(InputError, match="there are 0 and 2"):
        simulate(made_up(), spec, [], 2)
    with pytest.raises(InputError, match="there are 1 and 0"):
        simulate(made_up(), spec, [4], 0)

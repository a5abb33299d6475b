"""Adding trials and reading them."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from oracle.testing.databases.case import DatabaseCase
from oracle.testing.records import RESULT, finish, new, result
from studies import EpochRecord, StudyError

if TYPE_CHECKING:
    from studies import RunRecord, Store


class AddingTrials(DatabaseCase):
    """Trials are known by their key, and added once."""

    def test_a_new_trial_is_pending(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new(level=2, seed=2**40, max_lr=0.3, parent="p" * 64, round=1)])
        assert (trial.run_id, trial.level, trial.seed, trial.max_lr) == (run.id, 2, 2**40, 0.3)
        assert (trial.parent, trial.round, trial.state) == ("p" * 64, 1, "pending")
        assert (trial.result, trial.error, trial.finished_at) == (None, None, None)
        assert store.trials(run.id) == [trial]

    @pytest.mark.parametrize("parent", [None, "p" * 64])
    def test_adding_again_returns_what_is_there(self, store: Store, run: RunRecord, parent: str | None) -> None:
        [first] = store.add_trials(run.id, [new(parent=parent)])
        finish(store, first.id, RESULT)
        again, other = store.add_trials(run.id, [new(parent=parent, round=5), new(seed=1, parent=parent)])
        assert (again.id, again.round, again.state) == (first.id, 0, "complete")
        assert again.result == result(epochs=())
        assert (other.seed, other.state) == (1, "pending")
        assert store.counts(run.id) == {"pending": 1, "complete": 1, "failed": 0, "stopped": 0}

    def test_every_part_of_the_key_counts(self, store: Store, run: RunRecord) -> None:
        base = new(level=1, parent="p" * 64)
        variants = [base, replace(base, level=2), replace(base, seed=1), replace(base, max_lr=0.2)]
        variants += [replace(base, parent="q" * 64), replace(base, spec_hash="h" * 64)]
        other_run = store.open_run(run.study_id, "scyc")
        ids = [t.id for r in (run, other_run) for t in store.add_trials(r.id, variants)]
        assert len(set(ids)) == 12
        assert [trial.spec_hash for trial in store.add_trials(run.id, variants)] == [""] * 5 + ["h" * 64]

    def test_records_come_in_the_order_asked_for(self, store: Store, run: RunRecord) -> None:
        wanted = [new(seed=3), new(seed=1), new(level=4), new(seed=3), new(seed=2)]
        trials = store.add_trials(run.id, wanted)
        assert [(t.level, t.seed) for t in trials] == [(t.level, t.seed) for t in wanted]
        assert trials[0] == trials[3]
        assert len(store.trials(run.id)) == 4
        assert store.add_trials(run.id, []) == []

    @pytest.mark.parametrize("max_lr", [math.nan, math.inf, -math.inf])
    def test_a_rate_that_is_not_finite_is_refused(self, store: Store, run: RunRecord, max_lr: float) -> None:
        with pytest.raises(ValueError, match="max_lr"):
            store.add_trials(run.id, [new(), new(max_lr=max_lr)])
        assert store.trials(run.id) == []

    @pytest.mark.parametrize("bad", [{"level": -1}, {"max_lr": 0.0}, {"max_lr": -0.1}, {"round": -1}])
    def test_nonsensical_trials_are_refused_as_a_whole(self, store: Store, run: RunRecord, bad: dict[str, Any]) -> None:
        with pytest.raises(StudyError, match="refuses the values"):
            store.add_trials(run.id, [new(seed=1), new(**bad)])
        assert store.trials(run.id) == []

    def test_a_thousand_trials_at_once(self, store: Store, run: RunRecord) -> None:
        asked = [new(level=seed % 3, seed=seed) for seed in range(1200)]
        trials = store.add_trials(run.id, asked)
        assert [trial.seed for trial in trials] == list(range(1200))
        assert store.add_trials(run.id, asked) == trials


class ReadingTrials(DatabaseCase):
    """Trials come back in order, with their curves."""

    def test_trials_come_in_order_and_by_level(self, store: Store, run: RunRecord) -> None:
        keys = list(product((0, 1), (0, 1), (0.1, 0.2), (0, 1)))
        # The round is no part of a trial's key, so every round has its own parent here.
        asked = [new(m, seed, lr, parent=f"p{round_}", round=round_) for m, round_, lr, seed in reversed(keys)]
        store.add_trials(run.id, asked)
        trials = store.trials(run.id)
        assert [(t.level, t.round, t.max_lr, t.seed) for t in trials] == keys
        assert store.trials(run.id, level=1) == [t for t in trials if t.level == 1]
        assert store.trials(run.id, level=2) == []

    def test_curves_belong_to_their_trials(self, store: Store, run: RunRecord) -> None:
        trials = store.add_trials(run.id, [new(level=i % 2, seed=i) for i in range(6)])
        curves = {}
        for trial in trials[:5]:
            curve = tuple(EpochRecord(i, float(trial.seed), None, 0.5) for i in range(trial.seed))
            finish(store, trial.id, result(epochs=curve))
            curves[trial.id] = curve
        for level in (None, 0, 1):
            for trial in store.trials(run.id, level=level, curves=True):
                assert (trial.result.epochs if trial.result else None) == curves.get(trial.id)


class AdoptingTrials(DatabaseCase):
    """Trials of a version without spec hashes."""

    def test_trials_without_a_hash_get_it(self, store: Store, run: RunRecord) -> None:
        other = store.open_run(run.study_id, "scyc")
        for run_id in (run.id, other.id):
            [trial] = store.add_trials(run_id, [new()])
            finish(store, trial.id, RESULT)
        [twin, hashed] = store.add_trials(run.id, [new(seed=1), replace(new(seed=1), spec_hash="h")])
        [foreign] = store.add_trials(run.id, [replace(new(seed=2), spec_hash="g")])
        assert store.adopt_trials(run.id, "h") == 1
        assert store.adopt_trials(run.id, "h") == 0
        assert [trial.spec_hash for trial in store.trials(other.id)] == [""]
        known = store.add_trials(run.id, [replace(new(), spec_hash="h"), replace(new(seed=1), spec_hash="h")])
        assert (known[0].state, known[1]) == ("complete", hashed)
        assert {trial.id: trial.spec_hash for trial in store.trials(run.id)} == {
            known[0].id: "h",
            twin.id: "",
            hashed.id: "h",
            foreign.id: "g",
        }

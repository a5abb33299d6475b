"""A study that is asked for more, and what it had decided before."""

from __future__ import annotations

import math
from datetime import UTC

import pytest

from oracle.testing.records import RESULT, finish, new
from studies import RunRecord, Store, StudyError, StudyNotFound


class TestSpecs:
    def test_the_former_ones_are_kept(self, store: Store) -> None:
        study = store.create_study("s", {"seeds": [0]}, "h0", "/a", {"commit": "abc"})
        for number in (1, 2):
            extended = store.extend_study(study.id, {"seeds": list(range(number + 1))}, f"h{number}")
        assert (extended.spec, extended.spec_hash) == ({"seeds": [0, 1, 2]}, "h2")
        assert store.study("s") == extended
        assert (extended.id, extended.artifacts, extended.provenance) == (study.id, "/a", {"commit": "abc"})
        assert extended.created_at == study.created_at
        former = store.spec_history(study.id)
        assert [(old.spec, old.spec_hash) for old in former] == [({"seeds": [0]}, "h0"), ({"seeds": [0, 1]}, "h1")]
        assert former[0].superseded_at.tzinfo is UTC
        assert study.created_at <= former[0].superseded_at <= former[1].superseded_at

    def test_the_same_again_changes_nothing(self, store: Store) -> None:
        study = store.create_study("s", {"x": 1}, "h", "/a", {})
        assert store.extend_study(study.id, {"x": 1}, "h") == study
        assert store.spec_history(study.id) == []

    def test_trials_stay(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new()])
        finish(store, trial.id, RESULT)
        before = store.trials(run.id, curves=True)
        store.extend_study(run.study_id, {"levels": 9}, "h9")
        assert store.trials(run.id, curves=True) == before

    def test_nonsense_is_refused(self, store: Store, run: RunRecord) -> None:
        with pytest.raises(StudyNotFound):
            store.extend_study(7, {}, "h")
        with pytest.raises(ValueError, match="spec"):
            store.extend_study(run.study_id, {"x": math.nan}, "h")
        assert store.spec_history(run.study_id) == []

    def test_they_go_with_the_study(self, store: Store, run: RunRecord) -> None:
        store.extend_study(run.study_id, {"x": 1}, "h")
        store.delete_study("s")
        assert store.spec_history(run.study_id) == []


class TestLevels:
    def test_reopened_levels_are_decided_anew(self, store: Store, run: RunRecord) -> None:
        first = [store.decide_level(run.id, level, 0.8**level, 0.1, False) for level in range(4)]
        assert store.reopen_levels(run.id, from_level=2) == 2
        assert store.levels(run.id) == first[:2]
        again = store.decide_level(run.id, 2, 0.64, 0.2, True)
        assert store.levels(run.id) == [*first[:2], again]
        history = store.levels(run.id, history=True)
        assert [(level.level, level.winner) for level in history] == [(0, 0.1), (1, 0.1), (2, 0.1), (2, 0.2), (3, 0.1)]
        assert [level.superseded_at is None for level in history] == [True, True, False, True, False]
        assert history[2].decided_at == first[2].decided_at
        assert history[2].superseded_at is not None
        assert history[2].superseded_at.tzinfo is UTC
        assert again.decided_at >= history[2].superseded_at

    def test_more_than_once(self, store: Store, run: RunRecord) -> None:
        for winner in (0.3, 0.1, 0.2):
            store.decide_level(run.id, 0, 1.0, winner, False)
            assert store.reopen_levels(run.id, 0) == 1
        assert store.reopen_levels(run.id, 0) == 0
        assert store.levels(run.id) == []
        assert [level.winner for level in store.levels(run.id, history=True)] == [0.3, 0.1, 0.2]

    def test_only_of_that_run(self, store: Store, run: RunRecord) -> None:
        other = store.open_run(run.study_id, "scyc")
        decision = store.decide_level(other.id, 0, 1.0, 0.1, False)
        assert store.reopen_levels(run.id, 0) == 0
        assert store.levels(other.id, history=True) == [decision]
        with pytest.raises(StudyError, match="no run 77"):
            store.reopen_levels(77, 0)

    def test_the_history_goes_with_the_study(self, store: Store, run: RunRecord) -> None:
        store.decide_level(run.id, 0, 1.0, 0.1, False)
        store.reopen_levels(run.id, 0)
        store.delete_study("s")
        assert store.levels(run.id, history=True) == []

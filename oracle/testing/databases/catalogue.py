"""Studies, runs and levels."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oracle.testing.databases.case import DatabaseCase
from oracle.testing.records import RESULT, checkpoint, finish, new
from studies import StudyError, StudyExists, StudyNotFound

if TYPE_CHECKING:
    from studies import RunRecord, Store


class Studies(DatabaseCase):
    """A study comes back as it was written, and is deleted with all that belongs to it."""

    def test_a_study_comes_back_as_it_went_in(self, store: Store) -> None:
        spec = {"p": 0.2, "nested": {"list": [1, None, "Δ", True]}}
        study = store.create_study("a", spec, "h" * 64, "/data/artifacts", {"commit": None})
        assert store.study("a") == study
        assert (study.name, study.spec, study.spec_hash) == ("a", spec, "h" * 64)
        assert (study.artifacts, study.provenance) == ("/data/artifacts", {"commit": None})

    def test_times_are_aware_and_in_utc(self, store: Store) -> None:
        created = store.create_study("a", {}, "h", "/a", {}).created_at
        assert created.tzinfo is UTC
        assert abs(created - datetime.now(UTC)) < timedelta(minutes=1)

    def test_a_name_is_given_once(self, store: Store) -> None:
        first = store.create_study("a", {"x": 1}, "h", "/a", {})
        with pytest.raises(StudyExists, match="'a'"):
            store.create_study("a", {"x": 2}, "h", "/a", {})
        assert store.studies() == [first]

    def test_an_unknown_name_lists_the_known_ones(self, store: Store) -> None:
        with pytest.raises(StudyNotFound, match="holds none yet"):
            store.study("x")
        for name in ("b", "a"):
            store.create_study(name, {}, "h", "/a", {})
        with pytest.raises(StudyNotFound, match=r"'x'.*there are 'a', 'b'"):
            store.study("x")
        assert [study.name for study in store.studies()] == ["b", "a"]

    @pytest.mark.parametrize("value", [math.nan, math.inf, object()])
    def test_only_plain_json_is_stored(self, store: Store, value: object) -> None:
        with pytest.raises(ValueError, match="spec"):
            store.create_study("a", {"x": value}, "h", "/a", {})
        with pytest.raises(ValueError, match="provenance"):
            store.create_study("a", {}, "h", "/a", {"x": [value]})
        assert store.studies() == []

    def test_deleting_takes_everything_below_and_nothing_beside(self, store: Store) -> None:
        runs = []
        for name in ("doomed", "kept"):
            study = store.create_study(name, {}, "h", "/a", {})
            run = store.open_run(study.id, "oracle")
            [trial] = store.add_trials(run.id, [new()])
            finish(store, trial.id, RESULT, [checkpoint("a"), checkpoint(name[0], "rewind")])
            store.decide_level(run.id, 0, 1.0, 0.1, False)
            runs.append(run.id)
        assert store.delete_study("doomed") == ["d" * 64]
        assert [study.name for study in store.studies()] == ["kept"]
        for run_id, number in zip(runs, (0, 1), strict=True):
            assert len(store.trials(run_id, curves=True)) == number
            assert len(store.levels(run_id)) == number
            assert len(store.checkpoints(run_id)) == 2 * number
        with pytest.raises(StudyNotFound):
            store.delete_study("doomed")

    def test_ids_of_the_deleted_are_not_given_again(self, store: Store) -> None:
        # A result that arrives late must not land in another study's trial.
        ids = []
        for _ in range(2):
            study = store.create_study("a", {}, "h", "/a", {})
            run = store.open_run(study.id, "oracle")
            [trial] = store.add_trials(run.id, [new()])
            ids.append(trial.id)
            store.delete_study("a")
        assert ids[0] != ids[1]
        with pytest.raises(StudyError, match="no trial"):
            finish(store, ids[0], RESULT)


class Runs(DatabaseCase):
    """Runs of a study."""

    def test_opening_again_gives_the_same_run(self, store: Store) -> None:
        study = store.create_study("a", {}, "h", "/a", {})
        oracle, scyc = store.open_run(study.id, "oracle"), store.open_run(study.id, "scyc")
        assert store.open_run(study.id, "oracle") == oracle
        assert store.runs(study.id) == [oracle, scyc]
        assert (oracle.name, oracle.study_id, oracle.wall_seconds) == ("oracle", study.id, 0)

    def test_wall_time_adds_up(self, store: Store, run: RunRecord) -> None:
        store.add_wall_seconds(run.id, 1.5)
        store.add_wall_seconds(run.id, 2.0)
        assert store.open_run(run.study_id, run.name).wall_seconds == 3.5

    @pytest.mark.parametrize("seconds", [-1.0, math.nan, math.inf])
    def test_wall_time_is_a_duration(self, store: Store, run: RunRecord, seconds: float) -> None:
        with pytest.raises(ValueError, match="wall time"):
            store.add_wall_seconds(run.id, seconds)

    def test_what_does_not_exist_is_refused(self, store: Store) -> None:
        for act in (
            lambda: store.open_run(7, "oracle"),
            lambda: store.add_wall_seconds(7, 1.0),
            lambda: store.add_trials(7, [new()]),
            lambda: finish(store, 7, RESULT),
            lambda: store.fail_trial(7, "error"),
            lambda: store.decide_level(7, 0, 1.0, 0.1, False),
        ):
            with pytest.raises(StudyError):
                act()


class Levels(DatabaseCase):
    """Decisions are made once."""

    def test_a_decision_comes_back(self, store: Store, run: RunRecord) -> None:
        second = store.decide_level(run.id, 1, 0.8, 0.3, True)
        first = store.decide_level(run.id, 0, 1.0, 0.2, False)
        assert store.levels(run.id) == [first, second]
        assert (second.run_id, second.level, second.density) == (run.id, 1, 0.8)
        assert (second.winner, second.edge) == (0.3, True)

    def test_deciding_the_same_again_changes_nothing(self, store: Store, run: RunRecord) -> None:
        first = store.decide_level(run.id, 0, 1.0, 0.2, False)
        assert store.decide_level(run.id, 0, 1.0, 0.2, False) == first

    @pytest.mark.parametrize("other", [(0.9, 0.2, False), (1.0, 0.3, False), (1.0, 0.2, True)])
    def test_deciding_otherwise_is_refused(self, store: Store, run: RunRecord, other: tuple[Any, ...]) -> None:
        first = store.decide_level(run.id, 0, 1.0, 0.2, False)
        with pytest.raises(StudyError, match="decided already"):
            store.decide_level(run.id, 0, *other)
        assert store.levels(run.id) == [first]

    @pytest.mark.parametrize("bad", [(-1, 1.0, 0.2), (0, 1.1, 0.2), (0, 0.0, 0.2), (0, 1.0, 0.0)])
    def test_a_nonsensical_decision_is_refused(
        self, store: Store, run: RunRecord, bad: tuple[int, float, float]
    ) -> None:
        with pytest.raises(StudyError, match="refuses the values"):
            store.decide_level(run.id, *bad, edge=False)
        assert store.levels(run.id) == []

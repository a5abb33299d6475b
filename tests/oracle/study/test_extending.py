"""Extending a study: only what is new is trained, and what no longer counts is history, never mixed in."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from oracle.driver.events import Listener
from oracle.execution.messages import Failure, Outcome
from oracle.results.study_view import view_study
from oracle.study.extending import extend_study, extended
from oracle.study.opening import study_spec
from oracle.testing.records import MACHINE
from scyc import InputError
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from studies import MachineRecord

FIXED = {"max_lr": {"values": [0.1, 0.2, 0.4]}, "widen": 0}


class Diary(Listener):
    """Remembers decisions."""

    def __init__(self) -> None:
        self.decided: list[tuple[int, float, float | None]] = []

    def level_decided(self, level: int, winner: float, val: float, edge: bool, former: float | None) -> None:
        self.decided.append((level, winner, former))


def extend(lab: Laboratory, retries: int = 0, **more: object) -> Diary:
    """Extend the laboratory's study, and sweep to the end."""
    study = lab.store.study("s")
    former = study_spec(study)
    lab.spec = extended(former, **more)  # type: ignore[arg-type]
    extend_study(lab.store, study, former, lab.spec)
    lab.handed_out.clear()
    diary = Diary()
    lab.work(lab.sweep(diary, retries))
    return diary


def drift(lab: Laboratory, machine: MachineRecord | None = None) -> None:
    """From now on other weights come out of the seeds that there were, and more seeds would make 0.4 win."""
    honest = lab.train

    def drifted(request):  # type: ignore[no-untyped-def]
        lab.optimum = 0.2 if request.seed in (0, 7) else 0.4
        outcome = honest(request)
        assert isinstance(outcome, Outcome)
        if request.seed in (0, 7):
            weights = lab._save("trained", ["another machine", request.level, request.seed, request.max_lr], None)
            result = replace(outcome.result, checkpoint=weights.hash)
            return Outcome(result, (weights, *outcome.saved[1:]), machine)
        return outcome

    lab.train = drifted  # type: ignore[method-assign]


def trained(lab: Laboratory) -> list[tuple[int, int, float]]:
    return sorted((request.level, request.seed, request.max_lr) for request in lab.handed_out)


class TestLevels:
    def test_only_the_new_levels_are_trained(self) -> None:
        with Laboratory(small_spec(), optimum=0.2) as lab, Laboratory(small_spec(levels=5), optimum=0.2) as whole:
            lab.finish()
            extend(lab, levels=5)
            assert {level for level, _, _ in trained(lab)} == {3, 4}
            assert lab.state() == whole.finish().state()


class TestSeeds:
    def test_only_the_new_seeds_are_trained_where_no_winner_changes(self) -> None:
        with (
            Laboratory(small_spec(), optimum=0.2) as lab,
            Laboratory(small_spec(seeds=[0, 7, 8]), optimum=0.2) as whole,
        ):
            lab.finish()
            extend(lab, seeds=[8])
            assert {seed for _, seed, _ in trained(lab)} == {8}
            assert len(trained(lab)) == 3 * 3
            assert lab.state() == whole.finish().state()

    def test_a_former_loser_that_wins_on_more_seeds_is_trained_again_for_its_weights(self) -> None:
        with Laboratory(small_spec(levels=1, search=FIXED), optimum=0.2) as lab:
            lab.finish()
            assert lab.winners() == [0.2]
            lab.optimum = 0.4
            honest = lab.train

            def as_before(request):  # type: ignore[no-untyped-def]
                lab.optimum = 0.2 if request.seed in (0, 7) else 0.4
                return honest(request)

            lab.train = as_before  # type: ignore[method-assign]
            diary = extend(lab, seeds=[*range(20, 40)])
            assert diary.decided == [(0, 0.4, 0.2)]
            again = [(seed, max_lr) for _, seed, max_lr in trained(lab) if seed in (0, 7)]
            assert again == [(0, 0.4), (7, 0.4)]
            assert set(lab.artifacts.hashes()) == lab.needed()

    def test_other_weights_than_are_on_record_are_refused(self) -> None:
        from studies import StudyError

        with Laboratory(small_spec(levels=1), optimum=0.2) as lab:
            lab.finish()
            drift(lab)
            with pytest.raises(StudyError, match="weights differ from those on record"):
                extend(lab, seeds=[*range(20, 40)])

    def test_on_another_machine_they_take_the_former_ones_place(self) -> None:
        with Laboratory(small_spec(levels=1), optimum=0.2) as lab:
            lab.machine = MACHINE
            lab.finish()
            former = {lab.left_by(0, 0.4, seed).checkpoint for seed in (0, 7)}
            drift(lab, replace(MACHINE, capability="AVX512"))
            extend(lab, seeds=[*range(20, 40)])
            assert lab.winners() == [0.4]
            assert not former & lab.needed()
            assert lab.needed() <= set(lab.artifacts.hashes())

    def test_on_a_gpu_whose_numbers_drift_they_take_the_former_ones_place(self) -> None:
        with Laboratory(small_spec(levels=2, resources={"gpus_per_trial": 1}), optimum=0.2) as lab:
            lab.finish()
            drift(lab)
            extend(lab, seeds=[*range(20, 40)])
            assert lab.winners()[0] == 0.4
            assert len(lab.winners()) == 2
            left = {lab.left_by(0, 0.4, seed).checkpoint for seed in lab.spec.seeds}
            assert left <= {trial.parent for trial in lab.store.trials(lab.run.id, 1)}
            assert left <= set(lab.artifacts.hashes())

    @pytest.mark.parametrize("retries", [0, 1])
    def test_weights_that_cannot_be_made_again_at_once_are_tried_again(self, retries: int) -> None:
        from studies import StudyError

        with Laboratory(small_spec(levels=1, search=FIXED), optimum=0.2) as lab:
            lab.finish()
            honest = lab.train
            failed: list[object] = []

            def flaky(request):  # type: ignore[no-untyped-def]
                lab.optimum = 0.2 if request.seed in (0, 7) else 0.4
                if request.seed == 0 and not failed:
                    failed.append(request)
                    return Failure("no luck")
                return honest(request)

            lab.train = flaky  # type: ignore[method-assign]
            refused = pytest.raises(StudyError, match="no luck") if retries == 0 else nullcontext()
            with refused:
                extend(lab, retries=retries, seeds=[*range(20, 40)])
            assert len(failed) == 1
            assert lab.winners() == ([0.4] if retries else [])


class TestCandidates:
    def test_only_the_new_candidate_is_trained_where_no_winner_changes(self) -> None:
        with Laboratory(small_spec(), optimum=0.2) as lab:
            lab.finish()
            before = lab.winners()
            diary = extend(lab, candidates=[0.8])
            assert lab.winners() == before
            assert trained(lab) == [(level, seed, 0.8) for level in range(3) for seed in (0, 7)]
            assert diary.decided == [(level, 0.2, 0.2) for level in range(3)]

    def test_levels_below_a_changed_winner_are_redone_and_the_old_ones_kept_as_history(self) -> None:
        with Laboratory(small_spec(search=FIXED), optimum=0.28) as lab:
            lab.finish()
            before = lab.winners()
            old = {trial.id for trial in lab.store.trials(lab.run.id)}
            diary = extend(lab, candidates=[0.28])
            assert diary.decided == [(level, 0.28, winner) for level, winner in enumerate(before)]
            cells = trained(lab)
            assert [cell for cell in cells if cell[0] == 0] == [(0, 0, 0.28), (0, 7, 0.28)]
            assert len([cell for cell in cells if cell[0] == 1]) == 4 * 2
            assert old <= {trial.id for trial in lab.store.trials(lab.run.id)}
            history = [level for level in lab.store.levels(lab.run.id, history=True) if level.superseded_at]
            assert [level.winner for level in history] == before
            parents = {lab.left_by(0, 0.28, seed).checkpoint for seed in (0, 7)}
            view = view_study(lab.store, "s")
            assert [len(level.trials) for level in view.levels] == [8, 8, 8]
            assert {t.parent for t in lab.store.trials(lab.run.id, 1) if t.id not in old} == parents
            assert view.state == "finished"

    def test_the_weights_of_former_winners_are_deleted(self) -> None:
        with Laboratory(small_spec(levels=1), optimum=0.28) as lab:
            lab.finish()
            extend(lab, candidates=[0.28])
            assert set(lab.artifacts.hashes()) == lab.needed()

    def test_a_stop_before_the_spec_is_extended_changes_nothing(self) -> None:
        with Laboratory(small_spec(), optimum=0.2) as lab:
            before = lab.finish().state()
            lab.handed_out.clear()
            lab.store.reopen_levels(lab.run.id, 0)
            assert lab.finish().state() == before
            assert lab.handed_out == []

    def test_a_sampler_gets_a_larger_budget(self) -> None:
        search = {"method": "random", "batch": 2, "max_lr": {"count": 4}}
        with Laboratory(small_spec(levels=2, search=search)) as lab:
            lab.finish()
            extend(lab, count=6)
            assert len([cell for cell in trained(lab) if cell[0] == 0]) == 2 * 2


class TestKeepingAll:
    def test_every_trials_weights_stay(self) -> None:
        with Laboratory(small_spec(keep="all"), optimum=0.2) as lab:
            lab.finish()
            trials = lab.store.trials(lab.run.id)
            left = {trial.result.checkpoint for trial in trials if trial.result is not None}
            assert left <= set(lab.artifacts.hashes())
            for level in range(3):
                of_level = {trial.id for trial in trials if trial.level == level}
                assert lab.store.with_weights(lab.run.id, level) == of_level


class TestRefusals:
    @pytest.mark.parametrize(
        ("more", "reason"),
        [
            ({}, "adds nothing"),
            ({"levels": 2}, "already has 3 levels"),
            ({"seeds": [7]}, "adds nothing"),
            ({"seeds": [-1]}, "seeds"),
            ({"candidates": [0.2]}, "adds nothing"),
            ({"candidates": [float("nan")]}, "values"),
            ({"count": 9}, "candidates one by one"),
        ],
    )
    def test_what_is_no_extension(self, more: dict[str, object], reason: str) -> None:
        with pytest.raises(InputError, match=reason):
            extended(small_spec(), **more)  # type: ignore[arg-type]

    def test_a_samplers_candidates_are_its_own(self) -> None:
        spec = small_spec(search={"method": "tpe", "max_lr": {"count": 5}})
        with pytest.raises(InputError, match="give a larger count"):
            extended(spec, candidates=[0.3])
        with pytest.raises(InputError, match="cannot be lowered"):
            extended(spec, count=3)


class TestRetries:
    def test_a_trial_that_fails_is_trained_again(self) -> None:
        with Laboratory(small_spec(), optimum=0.2, fails=[(1, 0, 0.1)]) as lab:
            sweep = lab.sweep(retries=2)
            lab.work(sweep)
            assert trained(lab).count((1, 0, 0.1)) == 3
            [trial] = [t for t in lab.store.trials(lab.run.id, 1) if (t.seed, t.max_lr) == (0, 0.1)]
            assert (trial.state, trial.attempts) == ("failed", 3)
            assert "on fire" in (trial.error or "")

    def test_one_that_succeeds_after_all_is_as_good_as_any(self) -> None:
        with Laboratory(small_spec(), optimum=0.2, fails=[(1, 0, 0.1)]) as lab, Laboratory(small_spec()) as whole:
            honest = lab.train

            def second_time_lucky(request):  # type: ignore[no-untyped-def]
                outcome = honest(request)
                lab.fails.clear() if request.level == 1 else None
                return outcome

            lab.train = second_time_lucky  # type: ignore[method-assign]
            lab.work(lab.sweep(retries=1))
            assert lab.state() == whole.finish().state()

"""The way from winner to winner, in a study whose winners an extension has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.study import lineage
from oracle.study.extending import extend_study, extended
from oracle.study.opening import study_spec
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from studies import LevelRecord, TrialRecord

FIXED = {"max_lr": {"values": [0.1, 0.2, 0.4]}, "widen": 0}


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    """A study of three levels that 0.2 won, until 0.28 was added."""
    with Laboratory(small_spec(search=FIXED), optimum=0.28) as lab:
        lab.finish()
        study = lab.store.study("s")
        former = study_spec(study)
        lab.spec = extended(former, candidates=[0.28])
        extend_study(lab.store, study, former, lab.spec)
        lab.finish()
        assert lab.winners() == [0.28] * 3
        yield lab


def of_level(lab: Laboratory, decided: LevelRecord) -> list[TrialRecord]:
    return lab.store.trials(lab.run.id, decided.level)


def test_only_what_grew_from_the_present_winners_counts(lab: Laboratory) -> None:
    levels = lab.store.levels(lab.run.id)
    way = list(lineage.walk(levels, lab.spec, lambda decided: of_level(lab, decided)))
    assert [level for level, _, _ in way] == levels
    grown: dict[int, str] = {}
    for level, counted, left in way:
        assert sorted((trial.seed, trial.max_lr) for trial in counted) == [
            (seed, max_lr) for seed in (0, 7) for max_lr in (0.1, 0.2, 0.28, 0.4)
        ]
        assert all(trial.parent == grown.get(trial.seed) for trial in counted)
        assert left == {seed: lab.left_by(level.level, 0.28, seed).checkpoint for seed in (0, 7)}
        grown = left
    assert len(of_level(lab, levels[1])) == 7 * 2  # those of the former winner are on record too


def test_the_winners_trials_alone_are_enough(lab: Laboratory) -> None:
    levels = lab.store.levels(lab.run.id)
    whole = lineage.walk(levels, lab.spec, lambda decided: of_level(lab, decided))
    winners = lineage.walk(
        levels, lab.spec, lambda decided: lab.store.trials(lab.run.id, decided.level, decided.winner)
    )
    whole_way = list(whole)
    assert [step.left for step in winners] == [step.left for step in whole_way]
    assert lineage.left_by_last(whole_way) == {seed: lab.left_by(2, 0.28, seed).checkpoint for seed in (0, 7)}


def test_where_nothing_is_decided_there_is_no_way(lab: Laboratory) -> None:
    assert list(lineage.walk([], lab.spec, lambda _: pytest.fail("Nothing is to be looked up."))) == []
    assert lineage.left_by_last([]) == {}


def test_former_specs_and_seeds_do_not_count(lab: Laboratory) -> None:
    trials = of_level(lab, lab.store.levels(lab.run.id)[0])
    assert lineage.current(trials, lab.spec, {}) == trials
    other_seeds = lab.spec.model_copy(update={"seeds": [7]})
    assert {trial.seed for trial in lineage.current(trials, other_seeds, {})} == {7}
    other_training = lab.spec.model_copy(update={"epochs": 99})
    assert lineage.current(trials, other_training, {}) == []

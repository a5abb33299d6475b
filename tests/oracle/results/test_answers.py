"""Answers of the trials that count, by level and candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.results.answers import level_answers
from oracle.results.plain import json_with_answers, to_json
from oracle.results.study_view import view_study
from oracle.study.extending import extend_study, extended
from scyc import InputError
from studies import StudyError
from tests.oracle.simulation import Answering, small_spec

if TYPE_CHECKING:
    from studies import SplitName

SPEC = small_spec(seeds=[7, 0])  # in no order


@pytest.mark.parametrize("split", ["validation", "test"])
def test_are_what_the_accuracies_count(split: SplitName) -> None:
    with Answering(SPEC, ceiling=0.3) as lab:
        view = view_study(lab.finish().store, "s")
        answers = level_answers(lab.store, view, split)
        assert list(answers) == [level.level for level in view.levels] == [0, 1, 2]
        for level in view.levels:
            assert list(answers[level.level]) == [0.1, 0.2, 0.4]
            expected = {
                max_lr: [t.val if split == "validation" else t.test for t in level.trials if t.max_lr == max_lr]
                for max_lr in answers[level.level]
            }
            means = {
                max_lr: found.mean(axis=1).tolist()
                for max_lr, found in answers[level.level].items()
                if found is not None
            }
            assert means == expected
            assert means[0.4] == [0, 0]


def test_as_text_beside_the_trials() -> None:
    with Answering(SPEC) as lab:
        lab.without = frozenset({0})
        view = view_study(lab.finish().store, "s")
        shown = json_with_answers(lab.store, view)
        for trial in [trial for level in shown["levels"] for trial in level["trials"]]:
            if trial["seed"] == 0:
                assert trial.pop("answers") == {}
            else:
                answers = trial.pop("answers")
                assert {split: (len(text), text.count("1") / 50) for split, text in answers.items()} == {
                    "validation": (50, trial["val"]),
                    "test": (50, trial["test"]),
                }
                assert "01" not in answers["test"]
        assert shown == to_json(view)


def test_one_seed_without_leaves_a_candidate_without() -> None:
    with Answering(SPEC) as lab:
        lab.without = frozenset({0})
        view = view_study(lab.finish().store, "s")
        assert [set(found.values()) for found in level_answers(lab.store, view).values()] == [{None}] * 3


def test_those_of_an_extended_study_are_of_its_lineage() -> None:
    with Answering(SPEC, optimum=0.28) as lab:
        study = lab.finish().store.study("s")
        assert len({trial.max_lr for trial in lab.store.trials(lab.run.id)}) == 3
        spec = extended(lab.spec, seeds=[3], candidates=[0.28])
        extend_study(lab.store, study, lab.spec, spec)
        lab.spec = spec
        view = view_study(lab.finish().store, "s")
        answers = level_answers(lab.store, view)
        for level in view.levels:
            assert {
                max_lr: found.mean(axis=1).tolist()
                for max_lr, found in answers[level.level].items()
                if found is not None
            } == level.scores
            assert len(level.scores[0.28]) == 3


def test_a_study_without_decided_levels_has_none() -> None:
    with Answering(SPEC) as lab:
        lab.work(lab.sweep(), most=2)
        assert level_answers(lab.store, view_study(lab.store, "s")) == {}


@pytest.mark.parametrize("edit", ["bits = x'00'", "bits = 'junk'", "bits = 7", "examples = 70", "examples = 'many'"])
def test_an_edited_record_is_told(edit: str) -> None:
    with Answering(SPEC) as lab:
        view = view_study(lab.finish().store, "s")
        with lab.store._database.write() as connection:
            connection.exec_driver_sql(f"UPDATE scyc_answers SET {edit} WHERE split = 'validation'")
        for read in (level_answers, json_with_answers):
            with pytest.raises(
                (InputError, StudyError), match=r"rows contradict each other: row 1 of answers|cannot be read"
            ):
                read(lab.store, view)

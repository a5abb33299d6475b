"""Answers of the trials that count, by level and candidate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from oracle.execution.messages import Outcome
from oracle.results.answers import level_answers
from oracle.results.study_view import view_study
from oracle.study.extending import extend_study, extended
from scyc.answers import packed
from studies import AnswersRecord, SplitName
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from typing import Any

    from oracle.execution.messages import Answer, Request

EXAMPLES = 50


class Answering(Laboratory):
    """Makes up answers too, as many of them correct as the accuracies say, from seeds that come in no order."""

    def __init__(self, *without: int, **options: Any) -> None:
        super().__init__(small_spec(seeds=[7, 0]), **options)
        self.without = without  # these seeds

    def answer(self, request: Request) -> Answer:
        made_up = super().answer(request)
        assert isinstance(made_up, Outcome)
        result = made_up.result
        correct = {"validation": round(EXAMPLES * result.val_accuracy), "test": round(EXAMPLES * result.test_accuracy)}
        result = replace(
            result,
            val_accuracy=correct["validation"] / EXAMPLES,
            test_accuracy=correct["test"] / EXAMPLES,
            answers=tuple(_answers(split, number) for split, number in correct.items()),
        )
        return Outcome(result if request.seed not in self.without else replace(result, answers=()), made_up.saved)


def _answers(split: Any, correct: int) -> AnswersRecord:
    return AnswersRecord(split, EXAMPLES, packed(torch.arange(EXAMPLES) < correct))


@pytest.mark.parametrize("split", ["validation", "test"])
def test_are_what_the_accuracies_count(split: SplitName) -> None:
    with Answering(ceiling=0.3) as lab:
        view = view_study(lab.finish().store, "s")
        answers = level_answers(lab.store, view, split)
        assert list(answers) == [level.level for level in view.levels] == [0, 1, 2]
        for level in view.levels:
            assert list(answers[level.level]) == [0.1, 0.2, 0.4]
            expected = {
                max_lr: [
                    t.val_accuracy if split == "validation" else t.test_accuracy
                    for t in level.trials
                    if t.max_lr == max_lr
                ]
                for max_lr in answers[level.level]
            }
            means = {
                max_lr: found.mean(axis=1).tolist()
                for max_lr, found in answers[level.level].items()
                if found is not None
            }
            assert means == expected
            assert means[0.4] == [0, 0]


def test_one_seed_without_leaves_a_candidate_without() -> None:
    with Answering(0) as lab:
        view = view_study(lab.finish().store, "s")
        assert [set(found.values()) for found in level_answers(lab.store, view).values()] == [{None}] * 3


def test_those_of_an_extended_study_are_of_its_lineage() -> None:
    with Answering(optimum=0.28) as lab:
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
            } == level.accuracies
            assert len(level.accuracies[0.28]) == 3


def test_a_study_without_decided_levels_has_none() -> None:
    with Answering() as lab:
        lab.work(lab.sweep(), most=2)
        assert level_answers(lab.store, view_study(lab.store, "s")) == {}

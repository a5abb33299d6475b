"""The report's statements are those that a second, plain implementation finds in what `scyc show --json` prints."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from oracle.execution.messages import Outcome, TrialRequest
from oracle.results.plain import json_with_answers
from oracle.results.study_view import view_study
from scyc.answers import packed
from studies import AnswersRecord
from tests.oracle import plain_statistics as plain
from tests.oracle.simulation import Laboratory, small_spec
from tests.oracle.surface import tops

if TYPE_CHECKING:
    from oracle.execution.messages import Answer, Request

LEVELS, SEEDS = 4, (0, 1, 2)


class Known(Laboratory):
    """Trials whose answers are those of a study with a known truth."""

    study = tops.study(4, centres=tops.CENTRES[3 : 3 + LEVELS], examples=600)

    def answer(self, request: Request) -> Answer:
        made_up = super().answer(request)
        assert isinstance(made_up, Outcome)
        assert isinstance(request, TrialRequest)
        level = self.study[request.level]
        rate = min(level.scores, key=lambda rate: abs(np.log(rate / request.max_lr)))
        assert level.answers is not None
        answers = level.answers[rate][request.seed]
        recorded = tuple(AnswersRecord(split, len(answers), packed(answers)) for split in ("validation", "test"))
        accuracy = float(answers.mean())
        result = replace(made_up.result, val=accuracy, test=accuracy, answers=recorded)
        return replace(made_up, result=result)


@pytest.fixture(scope="module")
def shown() -> dict[str, Any]:
    grid = {"max_lr": {"values": [float(rate) for rate in tops.RATES]}, "widen": 0}
    with Known(small_spec(levels=LEVELS, seeds=list(SEEDS), search=grid)) as lab:
        store = lab.finish().store
        return json_with_answers(store, view_study(store, "s"))


def test_winners(shown: dict[str, Any]) -> None:
    assert [level["winner"] for level in shown["levels"]] == [plain.winner(level) for level in shown["levels"]]


def test_within(shown: dict[str, Any]) -> None:
    for level in shown["levels"]:
        assert level["interval"]["within"] == pytest.approx(plain.within(level), rel=1e-3)


def test_paired(shown: dict[str, Any]) -> None:
    """It reaches to where the mean is the margin below the winner's."""
    margin = plain.paired_margin(shown["levels"])
    for level in shown["levels"]:
        found = plain.table(level)
        rates, means = np.log(list(found)), np.array([values.mean() for values in found.values()])
        for bound, is_open in zip(level["interval"]["paired"], level["open"]["paired"], strict=True):
            assert is_open or means.max() - np.interp(np.log(bound), rates, means) == pytest.approx(margin, rel=0.04)


@pytest.mark.slow
def test_the_model(shown: dict[str, Any]) -> None:
    best = plain.Surface(shown["levels"]).best()
    low, middle, high = np.exp(np.quantile(best, (0.05, 0.5, 0.95), axis=0))
    for place, level in enumerate(shown["levels"]):
        model = level["model"]
        assert model["best"] == pytest.approx(middle[place], rel=0.08)
        assert model["low"] == pytest.approx(low[place], rel=0.2)
        assert model["high"] == pytest.approx(high[place], rel=0.2)

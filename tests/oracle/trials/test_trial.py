"""A trial, as a training of the user's own sees it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

import oracle
from oracle.trials.curve import Bound, Point, up_to_stop
from oracle.trials.returned import Returned, checked
from oracle.trials.trial import FACTORS, Facts, Trial
from scyc import InputError, OneCycle, WarmupStep


def facts(bound: Bound | None = None, profile: object = None, budget: int | None = 10) -> Facts:
    made = profile or WarmupStep()
    return Facts(2, 7, 0.5, 0.64, Path("/parent"), Path("/out"), made, "epochs", budget, bound)  # type: ignore[arg-type]


def test_it_says_what_to_train() -> None:
    trial = Trial(facts())
    assert (trial.level, trial.seed, trial.max_lr, trial.density) == (2, 7, 0.5, 0.64)
    assert (trial.parent, trial.out) == (Path("/parent"), Path("/out"))
    assert (trial.unit, trial.budget) == ("epochs", 10)


def test_the_learning_rate_is_the_profile_times_max_lr() -> None:
    trial, profile = Trial(facts()), WarmupStep()
    for fraction in (0.0, 0.15, 0.3, 0.5, 0.79, 0.8, 1.0):
        assert trial.lr_at(fraction) == 0.5 * profile(fraction)
    assert trial.momentum_at(0.5) is None
    assert Trial(facts(profile=OneCycle(momentum=(0.85, 0.95)))).momentum_at(0.0) == 0.95
    for wrong in (-0.1, 1.1, math.nan):
        with pytest.raises(InputError, match="from 0 to 1"):
            trial.lr_at(wrong)


def test_what_it_is_can_be_written_down() -> None:
    for one in (facts(), facts(Bound(3, 9, 0.4, "max"), OneCycle()), facts(budget=None)):
        told = json.loads(json.dumps(one.to_dict()))
        assert Facts.from_dict(told) == one
        assert len(told["lr"]) == FACTORS + 1
        assert told["lr"][500] == 0.5 * one.profile(0.5)


def test_reports_become_a_curve() -> None:
    trial = Trial(facts())
    trial.report(0.1)
    loss = 8 * torch.tensor(0.25, requires_grad=True)
    trial.report(val=torch.tensor(0.25), train_loss=loss, val_loss=np.float32(3.0))
    trial.report(math.nan, step=np.int64(7), val_loss=math.inf)
    assert trial.points == [Point(0, 0.1), Point(1, 0.25, 2.0, 3.0), Point(7, None, None, None)]


@pytest.mark.parametrize(
    ("val", "step", "said"),
    [
        ("good", None, "val should be a number, but it is 'good'"),
        (None, None, "val should be a number, but it is None"),
        (True, None, "val should be a number, but it is True"),
        (0.5, 0.5, "step should be a whole number, but it is 0.5"),
        (0.5, -1, "step should be 0 or more, but it is -1"),
        (0.5, 3, "steps of reports ascend, but step 3 was reported after step 3"),
    ],
)
def test_a_report_that_makes_no_sense_is_refused(val: object, step: object, said: str) -> None:
    trial = Trial(facts())
    trial.report(0.5, step=3)
    with pytest.raises(InputError, match=said):
        trial.report(val, step)  # type: ignore[arg-type]
    assert len(trial.points) == 1


@pytest.mark.parametrize(("goal", "good", "bad"), [("max", 0.5, 0.3), ("min", 0.3, 0.5)])
def test_a_training_without_hope_is_stopped(goal: str, good: float, bad: float) -> None:
    """The first finite report from the bound's step on is judged, and no other."""
    bound = Bound(4, 9, 0.4, goal)
    for steps, vals, stops in [
        ((0, 3, 6), (bad, bad, bad), 6),
        ((0, 3, 4), (bad, bad, bad), 4),
        ((4, 5), (good, bad), None),
        ((4, 5), (math.nan, bad), 5),
        ((3, 9), (bad, bad), None),  # there is nothing left to save
    ]:
        trial, stopped = Trial(facts(bound)), None
        for step, val in zip(steps, vals, strict=True):
            try:
                trial.report(val, step)
            except oracle.Stop:
                stopped = step
        assert stopped == stops
        curve, ended = up_to_stop(trial.points, bound)
        assert ended == (stops is not None)
        assert curve[-1].step == (steps[-1] if stops is None else stops)


def test_of_several_reports_of_a_step_the_first_counts() -> None:
    assert up_to_stop([Point(1, 0.2), Point(0, 0.1), Point(1, 0.3)], None) == ((Point(0, 0.1), Point(1, 0.2)), False)


def test_what_a_training_returns() -> None:
    assert checked({"val": 1}, "It") == Returned(1.0)
    found = checked({"val": np.float64(0.5), "test": torch.tensor(0.25), "spent": 3}, "It")
    assert found == Returned(0.5, 0.25, 3.0)
    assert math.isnan(checked({"val": math.nan, "test": None}, "It").val)


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (None, r'The training should return \{"val": NUMBER\}.*, but it returned None\.'),
        (0.5, r"but it returned 0\.5\."),
        ({}, r'but "val" is missing\.'),
        ({"val": None}, r'but "val" is missing\.'),
        ({"val": 1, "accuracy": 2}, r"but it also returned 'accuracy'"),
        ({"val": "good"}, r'"val", which the training returned, should be a number, but it is \'good\'\.'),
        ({"val": [1, 2]}, r"should be a number, but it is \[1, 2\]\."),
        ({"val": 1, "test": {}}, r'"test", which the training returned, should be a number'),
        ({"val": 1, "spent": -1}, r'"spent", which the training returned, should be 0 or more, but it is -1\.'),
        ({"val": 1, "spent": math.inf}, r"should be 0 or more, but it is inf\."),
    ],
)
def test_anything_else_is_refused_in_a_sentence(returned: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        checked(returned, "The training")

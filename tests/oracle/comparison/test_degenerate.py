"""Oracles that leave something open: a clear sentence or a verdict that says what could not be judged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oracle.comparison import compare_study, to_json
from oracle.study.opening import REPLAYED
from scyc import Policy, Replay
from tests.oracle.simulation import Laboratory, small_spec

ONE = {"max_lr": {"values": [0.1]}, "widen": 0}


def compared(lab: Laboratory) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(json.dumps(to_json(compare_study(lab.store, "s")), allow_nan=False))
    return values


def test_one_seed() -> None:
    with Laboratory(small_spec(seeds=[0], levels=5)) as lab:
        lab.finish()
        lab.work(lab.walk(lab.open_walk(Policy(Replay(tuple(lab.winners()))), REPLAYED), [1000]))
        values = compared(lab)
    assert "no error bars" in " ".join(values["fit"]["sentences"])
    assert values["runs"]["oracle"]["regret"] == {"mean": 0, "low": None, "high": None}
    assert "(one seed has no interval)" in values["runs"]["oracle"]["sentence"]


def test_one_candidate() -> None:
    with Laboratory(small_spec(search=ONE)) as lab:
        values = compared(lab.finish())
    assert {schedule["judged"] for schedule in values["schedules"].values()} == {0}
    assert values["schedules"]["constant"]["sentence"] == "No level has an interval to be judged by."


@pytest.mark.parametrize("ceiling", [0.0, 0.15])
def test_levels_where_everything_or_much_diverges(ceiling: float) -> None:
    with Laboratory(small_spec(levels=4), ceiling=ceiling) as lab:
        values = compared(lab.finish())
    judged = {schedule["judged"] for schedule in values["schedules"].values()}
    assert judged == ({0} if ceiling == 0 else {4})


def test_levels_that_are_not_decided_yet() -> None:
    with Laboratory(small_spec(levels=6)) as lab:
        lab.work(lab.sweep(), most=21)
        decided = len(lab.winners())
        assert 0 < decided < 6
        values = compared(lab)
    assert f"The oracle has decided {decided} of 6 levels; nothing is known about the others." in values["notes"]
    assert len(values["schedules"]["constant"]["levels"]) == decided


def test_a_schedule_for_another_pruning_rate() -> None:
    with Laboratory(small_spec(pruning={"rate": 0.5})) as lab:
        values = compared(lab.finish())
    assert (
        "s-cyc:vgg19-cifar10 is meant for a pruning rate of 0.2, but this study prunes 0.5 at every level."
        in values["notes"]
    )
    assert not any(note.startswith("s-cyc is") for note in values["notes"])


def test_schedules_that_leave_the_candidates_are_not_guessed_at() -> None:
    with Laboratory(small_spec(search={"max_lr": {"values": [0.19, 0.2, 0.21]}, "widen": 0})) as lab:
        values = compared(lab.finish())
    preset = values["schedules"]["s-cyc:resnet20-cifar10"]
    assert preset["mean_regret"] is None
    assert preset["unknown"] == [0, 1, 2]
    assert "what it loses is not known" in preset["sentence"]

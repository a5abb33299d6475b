"""Oracles that leave something open: a clear sentence or a verdict that says what could not be judged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oracle.comparison import compare, compare_study, to_json
from oracle.results.study_view import view_study
from oracle.study.opening import REPLAYED
from scyc import InputError, Policy, Replay
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
    assert "so they are too narrow" in " ".join(values["fit"]["sentences"])
    regret = values["runs"]["oracle"]["regret"]
    assert (regret["mean"], regret["low"], regret["high"], regret["told"]) == (0, None, None, None)
    assert "(one seed has no interval)" in values["runs"]["oracle"]["sentence"]


def test_one_candidate() -> None:
    with Laboratory(small_spec(search=ONE)) as lab:
        values = compared(lab.finish())
    assert {schedule["judged"] for schedule in values["schedules"].values()} == {0}
    assert values["schedules"]["constant"]["sentence"] == "No level has an interval to be judged by."


def test_levels_where_much_diverges() -> None:
    with Laboratory(small_spec(levels=4), ceiling=0.15) as lab:
        values = compared(lab.finish())
    assert {schedule["judged"] for schedule in values["schedules"].values()} == {4}


def test_a_dense_network_where_nothing_is_finite() -> None:
    with Laboratory(small_spec(levels=4), ceiling=0.0) as lab, pytest.raises(InputError, match="Level 0 cannot be dec"):
        compare_study(lab.finish().store, "s")


def test_a_dense_network_where_nothing_learned() -> None:
    with Laboratory(small_spec(levels=4)) as lab:
        lab.flat = frozenset({0})
        lab.finish()
        with pytest.raises(InputError, match="Nothing learned at level 0"):
            compare_study(lab.store, "s")


@pytest.mark.slow
@pytest.mark.parametrize("flat", [{5, 6, 7}, {2, 5}, {1}], ids=["the last ones", "in between", "the first sparse one"])
def test_levels_where_nothing_learned_take_no_part_in_any_finding(flat: set[int]) -> None:
    """What is said of the others is what would be said without these levels."""
    seeds = [0, 1, 7]
    with Laboratory(small_spec(levels=8, seeds=seeds), growth=1.2) as lab:
        lab.flat = frozenset(flat)
        lab.finish()
        chosen = lab.winners()
        lab.work(lab.walk(lab.open_walk(Policy(Replay(tuple(chosen))), REPLAYED), [1000, 1001]))
        values = compared(lab)
        view = view_study(lab.store, "s")
    left = [level for level in range(8) if level not in flat]
    assert [level["level"] for level in values["levels"]] == left == values["fit"]["levels"]
    assert [level["level"] for level in values["curse"]["levels"]] == left
    assert {schedule["judged"] for schedule in values["schedules"].values()} == {len(left)}
    assert any(note.startswith("Nothing learned at level") for note in values["notes"])
    assert not any("has decided" in note for note in values["notes"])
    assert abs(values["curse"]["fresh"]["mean"]) < 0.01
    assert values["runs"]["oracle"]["regret"]["mean"] == 0
    assert "diverged; one that is not finite counts" in values["runs"]["oracle"]["sentence"]
    stds = {"start": [[level["density"]] * len(seeds) for level in values["levels"]]}
    found = compare(view, stds=stds).gradients
    assert found is not None
    assert found.density_correlation is not None
    assert found.density_correlation > 0.5
    assert [level.edge for level in view.levels if level.level in flat] == [False] * len(flat)


def test_a_schedule_whose_training_is_not_finite_loses_everything_there() -> None:
    with Laboratory(small_spec()) as lab:
        lab.finish()
        lab.work(lab.walk(lab.open_walk(Policy(Replay(tuple(lab.winners()))), REPLAYED), [1000, 1001]))
        lab.ceiling = 0.5
        lab.work(lab.walk(lab.open_walk(Policy(Replay((0.2, 0.2, 0.9))), "hot"), [1000, 1001]))
        run = compared(lab)["runs"]["hot"]
    assert [level["diverged"] for level in run["levels"]] == [0, 0, 2]
    assert run["levels"][2]["values"] == [0, 0]
    assert run["levels"][2]["regret"]["mean"] == pytest.approx(0.89, abs=0.01)
    assert "2 of its 6 trainings diverged" in run["sentence"]


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

"""What someone sees who asks the database in SQL."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import inspect, text

from oracle.testing.records import finish, new, result
from studies import NewCheckpoint, Store, views

if TYPE_CHECKING:
    from studies import RunRecord

VIEWS = (views.ORACLE_CURVE, views.TRIAL_SUMMARY)


def rows(store: Store, query: str) -> list[dict[str, Any]]:
    with store._database.read() as connection:
        return [dict(row._mapping) for row in connection.execute(text(query))]


def documented(view: str) -> list[str]:
    """The columns of the table in the docstring below the view's name."""
    table = (views.__doc__ or "").partition(view)[2].partition("\n\n")[2].partition("\n\n")[0]
    names = [line.split("|")[1].strip() for line in table.splitlines()]
    return [name for name in names[2:] if name]


@pytest.mark.parametrize("view", VIEWS)
def test_every_column_is_documented(store: Store, view: str) -> None:
    with store._database.read() as connection:
        assert [column["name"] for column in inspect(connection).get_columns(view)] == documented(view)


def train(store: Store, run: RunRecord, level: int, parents: dict[int, str], letter: str) -> dict[int, str]:
    """Train two rates with two seeds, and return the checkpoints of the better, 0.2, by seed."""
    left = {}
    for seed in (0, 1):
        for max_lr in (0.1, 0.2):
            [trial] = store.add_trials(run.id, [new(level, seed, max_lr, parents.get(seed))])
            key = f"{letter}{level}{seed}{max_lr}".ljust(64, "0")
            done = result(checkpoint=key, val=max_lr + seed / 2, test=0.5, density=0.8**level)
            finish(store, trial.id, done, [NewCheckpoint(key, "trained", 1, parents.get(seed))])
            if max_lr == 0.2:
                left[seed] = key
    return left


def test_the_curve(store: Store, run: RunRecord) -> None:
    left = train(store, run, 0, {}, "a")
    store.decide_level(run.id, 0, 1.0, 0.2, False)
    train(store, run, 1, left, "a")
    store.decide_level(run.id, 1, 0.8, 0.1, True)
    scyc = store.open_run(run.study_id, "scyc")
    train(store, scyc, 0, {}, "s")
    store.decide_level(scyc.id, 0, 1.0, 0.2, False)
    found = rows(store, f"SELECT * FROM {views.ORACLE_CURVE} WHERE study = 's' ORDER BY level")
    assert [bool(row.pop("edge")) for row in found] == [False, True]
    assert found == [
        {
            "study": "s",
            "level": 0,
            "density": 1.0,
            "winner": 0.2,
            "mean_val": pytest.approx(0.45),
            "mean_test": pytest.approx(0.5),
            "seeds": 2,
        },
        {
            "study": "s",
            "level": 1,
            "density": 0.8,
            "winner": 0.1,
            "mean_val": pytest.approx(0.35),
            "mean_test": pytest.approx(0.5),
            "seeds": 2,
        },
    ]


def test_what_started_from_a_former_winner_is_not_on_the_curve(store: Store, run: RunRecord) -> None:
    for letter in "ab":
        if letter == "a":
            left = train(store, run, 0, {}, letter)
        else:  # another candidate wins level 0 now
            left = {seed: f"b{seed}".ljust(64, "0") for seed in (0, 1)}
            for seed, key in left.items():
                [trial] = store.add_trials(run.id, [new(0, seed, 0.3)])
                finish(store, trial.id, result(checkpoint=key, val=1.0))
        store.decide_level(run.id, 0, 1.0, 0.2 if letter == "a" else 0.3, False)
        left = train(store, run, 1, left, letter)
        store.decide_level(run.id, 1, 0.8, 0.2, False)
        train(store, run, 2, left, letter)
        store.decide_level(run.id, 2, 0.64, 0.2, False)
        if letter == "a":
            store.reopen_levels(run.id, 0)
    found = rows(store, f"SELECT level, winner, seeds FROM {views.ORACLE_CURVE} ORDER BY level")
    assert [tuple(row.values()) for row in found] == [(0, 0.3, 2), (1, 0.2, 2), (2, 0.2, 2)]


def test_the_newest_of_those_that_differ_in_their_spec_hash_counts(store: Store, run: RunRecord) -> None:
    for spec_hash, accuracy in (("old", 0.1), ("new", 0.9)):
        [trial] = store.add_trials(run.id, [replace(new(), spec_hash=spec_hash)])
        finish(store, trial.id, result(val=accuracy))
    store.decide_level(run.id, 0, 1.0, 0.1, False)
    [row] = rows(store, f"SELECT mean_val, seeds FROM {views.ORACLE_CURVE}")
    assert row == {"mean_val": pytest.approx(0.9), "seeds": 1}


def test_a_level_without_results_is_there(store: Store, run: RunRecord) -> None:
    store.decide_level(run.id, 0, 1.0, 0.1, False)
    [row] = rows(store, f"SELECT level, mean_val, seeds FROM {views.ORACLE_CURVE}")
    assert row == {"level": 0, "mean_val": None, "seeds": 0}


def test_the_trials(store: Store, run: RunRecord) -> None:
    won, lost, waiting = store.add_trials(run.id, [new(), new(max_lr=0.2), new(level=1, parent="p")])
    finish(store, won.id, result(val=0.75))
    store.fail_trial(lost.id, "out of memory")
    store.retry_trial(waiting.id, "a worker died")
    store.decide_level(run.id, 0, 1.0, 0.1, False)
    columns = "study, run, trial, level, max_lr, state, attempts, error, val, won"
    found = rows(store, f"SELECT {columns} FROM {views.TRIAL_SUMMARY} ORDER BY trial")
    assert [tuple(row.values()) for row in found] == [
        ("s", "oracle", won.id, 0, 0.1, "complete", 0, None, 0.75, True),
        ("s", "oracle", lost.id, 0, 0.2, "failed", 1, "out of memory", None, False),
        ("s", "oracle", waiting.id, 1, 0.1, "pending", 1, "a worker died", None, None),
    ]

"""`scyc run`: schedules trained for real."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from oracle.api.running import fresh_seeds
from studies import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.oracle.cli.conftest import Ended

INLINE = ["--executor", "inline"]


def trained() -> dict[str, int]:
    with Store.open("sqlite:///scyc.db") as store:
        return {run.name: store.counts(run.id)["complete"] for run in store.runs(store.study("demo").id)}


@pytest.mark.parametrize(
    ("used", "fresh"), [([0, 1, 2], [1000, 1001, 1002]), ([7], [1007]), ([999, 1000], [2999, 3000])]
)
def test_fresh_seeds_are_as_many_and_others(used: list[int], fresh: list[int]) -> None:
    assert fresh_seeds(used) == fresh


@pytest.mark.slow
@pytest.mark.usefixtures("swept")
def test_schedules_are_trained_with_the_oracle_beside_them_and_compared(scyc: Callable[..., Ended]) -> None:
    ended = scyc("run", "demo", "--schedule", "constant", "--schedule", "gradient-scaled", *INLINE)
    assert ended.code == 0, ended.err
    assert "18 trials to train" in ended.out
    assert "scyc compare demo" in ended.out
    assert trained() == {"oracle": 18, "oracle-replayed": 6, "constant": 6, "gradient-scaled": 6}
    again = scyc("run", "demo", "--schedule", "constant", "--json", *INLINE)
    assert json.loads(again.out) == {"study": "demo", "runs": ["oracle-replayed", "constant"], "seeds": [1000, 1001]}
    assert trained()["constant"] == 6

    compared = scyc("compare", "demo", "--json")
    assert compared.code == 0, compared.err
    values = json.loads(compared.out)
    assert set(values["runs"]) == {"oracle", "constant", "gradient-scaled"}
    assert values["runs"]["constant"]["regret"] is not None
    assert values["runs"]["constant"]["fresh"]
    assert values["curse"]["fresh"] is not None
    assert values["gradients"] is not None
    assert "gradient-scaled" in values["schedules"]


@pytest.mark.usefixtures("swept")
def test_a_run_can_have_other_parameters_seeds_and_name(scyc: Callable[..., Ended]) -> None:
    options = ["--schedule", "s-cyc:delta=0.07,q=0", "--as", "mine", "--seed", "5", *INLINE]
    assert scyc("run", "demo", *options).code == 0
    with Store.open("sqlite:///scyc.db") as store:
        [mine] = [run for run in store.runs(store.study("demo").id) if run.name == "mine"]
        assert mine.policy is not None
        assert mine.policy["schedule"]["delta"] == 0.07
        assert {(t.seed, t.level) for t in store.trials(mine.id)} == {(5, 0), (5, 1), (5, 2)}
    clash = scyc("run", "demo", "--schedule", "constant", "--as", "mine", *INLINE)
    assert clash.code == 2
    assert "The run 'mine' was made with SCyc(delta=0.07" in clash.err
    assert scyc("studies", "delete", "demo", "--run", "mine", "--yes").code == 0
    assert "mine" not in trained()
    assert trained()["oracle"] == 18


@pytest.mark.usefixtures("swept")
def test_schedules_can_be_listed(scyc: Callable[..., Ended]) -> None:
    listed = json.loads(scyc("run", "demo", "--list", "--json").out)
    assert set(listed) >= {"oracle", "fitted", "s-cyc", "silo", "constant", "ft", "lrw", "slr", "clr", "lrr", "allr"}
    assert "range-test" in scyc("run", "demo", "--list").out


@pytest.mark.usefixtures("swept")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["demo", "--schedule", "nonsense"], "no schedule 'nonsense'"),
        (["demo", "--as", "mine"], "give exactly one schedule"),
        (["demo", "--schedule", "constant", "--as", "oracle"], "is reserved for the oracle's own run"),
        (["demo", "--schedule", "s-cyc:gamma=1"], "does not set a parameter"),
        (["nobody"], "No study named 'nobody'"),
    ],
)
def test_bad_input_is_refused_before_anything_is_trained(
    arguments: list[str], reason: str, scyc: Callable[..., Ended]
) -> None:
    ended = scyc("run", *arguments, *INLINE)
    assert ended.code == 2
    assert reason in ended.err
    assert trained() == {"oracle": 18}


@pytest.mark.usefixtures("swept")
def test_an_unfinished_oracle_is_no_reference(scyc: Callable[..., Ended]) -> None:
    with Store.open("sqlite:///scyc.db") as store:
        [run] = store.runs(store.study("demo").id)
        store.reopen_levels(run.id, 2)
    ended = scyc("run", "demo", *INLINE)
    assert ended.code == 2
    assert "has decided 2 of 3 levels" in ended.err


@pytest.mark.usefixtures("swept")
def test_a_failure_says_where_and_how_to_go_on(scyc: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch) -> None:
    options = ["--schedule", "constant", "--seed", "5", "--as", "mine", "--retries", "0", *INLINE]
    with monkeypatch.context() as broken:
        broken.setattr("oracle.execution.network_worker.run_trials", lambda *_, **__: 1 / 0)
        ended = scyc("run", "demo", *options)
    assert ended.code == 1
    assert "mine at level 0, seed 5: ZeroDivisionError" in ended.err
    assert "resume with `scyc run demo --schedule constant --seed 5 --as mine --retry-failed`" in ended.err
    assert scyc("run", "demo", *options).code == 1  # nothing is tried again unless told so
    assert scyc("run", "demo", *options, "--retry-failed").code == 0
    assert trained()["mine"] == 3

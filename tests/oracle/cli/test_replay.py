"""`scyc replay`, and `oracle.replay`, which does the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import oracle
from tests.oracle.replaying.studies import REAL, made_up

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.oracle.cli.conftest import Ended


def test_a_recorded_file_is_replayed(scyc: Callable[..., Ended]) -> None:
    options = ["replay", str(REAL), "--method", "grid", "--method", "tpe", "--workers", "8", "--orders", "2"]
    ended = scyc(*options, "--set", "search.max_lr.count=4")
    assert (ended.code, ended.err) == (0, "")
    assert "mnist1d-mlp: search methods, replayed" in ended.out
    assert "Means over 2 choices and orders of the seeds" in ended.out
    found = json.loads(scyc(*options, "--set", "search.max_lr.count=4", "--json").out)
    assert list(found["methods"]) == ["grid", "tpe"]
    assert found["methods"]["tpe"]["search"]["max_lr"]["count"] == 4
    assert found["methods"]["tpe"]["share"]["mean"] == pytest.approx(1 / 3)
    fields: dict[str, Any] = {"search.max_lr.count": 4}
    table = oracle.replay(REAL, ["grid", "tpe"], workers=8, orders=2, **fields).set_index("method")
    for name, values in found["methods"].items():
        assert table.loc[name, "test_regret"] == values["test_regret"]["mean"]
        assert table.loc[name, "test_regret_low"] == values["test_regret"]["low"]
        assert f"{values['test_regret']['mean']:.2f} (" in ended.out


@pytest.mark.usefixtures("swept")
def test_a_study_is_recorded_and_replayed_alike(scyc: Callable[..., Ended], tmp_path: Path) -> None:
    ended = scyc("replay", "demo", "--save", "demo.npz")
    assert (ended.code, ended.err) == (0, "")
    assert str(tmp_path / "demo.npz") in ended.out
    assert "search methods" not in ended.out
    options = ["--method", "grid", "--seeds", "1", "--json"]
    of_study, of_file = (json.loads(scyc("replay", name, *options).out) for name in ("demo", "demo.npz"))
    assert of_study == of_file
    assert of_study["made_by"] == "scyc replay demo --save"
    assert of_study["methods"]["grid"]["share"]["mean"] == 1
    alone = scyc("replay", "demo", "--method", "grid", "--seeds", "2")
    assert "No recorded seed is left to stand for the truth" in alone.out
    assert oracle.replay(oracle.Study("demo"), "grid", seeds=1)["share"].tolist() == [1.0]


def test_what_is_outside_the_recorded_range_is_said(scyc: Callable[..., Ended], tmp_path: Path) -> None:
    made_up().save(tmp_path / "s.npz")
    ended = scyc("replay", "s.npz", "--method", "grid", "--set", "search.max_lr.low=0.01", "--orders", "1")
    assert "grid: some candidates are outside the recorded 0.05 to 0.8" in ended.out
    stuck = scyc("replay", "s.npz", "--method", "grid", "--set", "search.max_lr={values=[0.8]}", "--orders", "1")
    assert "grid: not all levels are decided" in stuck.out


def test_what_cannot_be_replayed_is_refused(scyc: Callable[..., Ended], tmp_path: Path) -> None:
    made_up().save(tmp_path / "s.npz")
    for arguments, reason in [
        (["nobody.npz"], "nobody.npz cannot be read"),
        (["s.npz", "--method", "nonsense"], "no search method 'nonsense'"),
        (["s.npz", "--set", "epochs=3"], "only fields of [search]"),
        (["s.npz", "--set", "epochs"], "key=value"),
        (["s.npz", "--seeds", "9"], "has 4 seeds, but 9"),
        (["s.npz", "--save", "s.npz/one.npz"], "cannot be written"),
    ]:
        ended = scyc("replay", *arguments)
        assert ended.code == 2
        assert reason in ended.err

"""`scyc analyse` and `scyc single-neuron`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from studies import Artifacts, Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.oracle.cli.conftest import Ended

INLINE = ["--executor", "inline"]


@pytest.mark.slow
@pytest.mark.usefixtures("swept")
def test_it_prints_and_writes_the_same_of_the_oracle_and_of_a_run(scyc: Callable[..., Ended], tmp_path: Path) -> None:
    ended = scyc("analyse", "demo", "--out", "analysis")
    assert (ended.code, ended.err) == (0, "")
    written = json.loads((tmp_path / "analysis" / "analysis.json").read_text())
    assert written == json.loads(scyc("analyse", "demo", "--json").out)
    page = (tmp_path / "analysis" / "analysis.html").read_text()
    assert "Plotly.newPlot" in page
    assert 'src="' not in page.partition("<script>")[0]
    dense, *pruned = written["levels"]
    assert dense["signs"]["dense"]["mean"] == dense["overlap"]["jaccard"] == 1
    assert [level["level"] for level in pruned] == [1, 2]
    for level in pruned:
        assert level["signs"].keys() == {"dense", "rewind", "previous"}
        for signs in level["signs"].values():
            assert 0.5 < signs["mean"] < 1  # better than a coin, whatever was learned
            assert list(signs["layers"]) == ["0.weight", "2.weight", "4.weight"]
        shown = f"{level['signs']['rewind']['mean']:.1%}"
        assert shown in ended.out
        assert f"<td>{shown}</td>" in page

    assert scyc("run", "demo", "--schedule", "lrr", *INLINE).code == 0
    kept = json.loads(scyc("analyse", "demo", "--run", "lrr", "--json").out)
    assert set(kept["levels"][0]["signs"]["dense"]["by_seed"]) == {"1000", "1001"}
    for level, rewound in zip(kept["levels"][1:], pruned, strict=True):
        assert level["signs"]["previous"]["mean"] > rewound["signs"]["previous"]["mean"]  # it keeps the weights


@pytest.mark.usefixtures("swept")
def test_what_cannot_be_analysed_is_refused(scyc: Callable[..., Ended]) -> None:
    for arguments, reason in [
        (["nobody"], "No study named 'nobody'"),
        (["demo", "--run", "nonsense"], "has no run 'nonsense'"),
        (["demo", "--out", "scyc.db/folder"], "cannot be written"),
    ]:
        ended = scyc("analyse", *arguments)
        assert ended.code == 2
        assert reason in ended.err
    with Store.open("sqlite:///scyc.db") as store:
        artifacts = Artifacts(store.study("demo").artifacts)
    for digest in list(artifacts.hashes()):
        artifacts.delete(digest)
    ended = scyc("analyse", "demo")
    assert ended.code == 2
    assert "no longer has the trained weights of oracle at level 0, seed 0" in ended.err


def test_a_single_neuron(scyc: Callable[..., Ended]) -> None:
    options = ["single-neuron", "--runs", "60", "--dimension", "5"]
    ended = scyc(*options)
    assert ended.code == 0
    found = json.loads(scyc(*options, "--json").out)
    assert found["rates"].keys() == {"d=1", "dense", "imp", "lrr"}
    assert found["rates"]["lrr"]["rate"] > found["rates"]["imp"]["rate"]
    for name, rate in found["rates"].items():
        assert rate["runs"] == 60
        low, high = found["bounds"][name]
        assert low < rate["expected"] < high
        assert f"{rate['rate']:.1%}" in ended.out
    assert "from two inputs on" in scyc("single-neuron", "--dimension", "1").err

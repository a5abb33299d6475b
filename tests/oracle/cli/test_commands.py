"""The commands on a study so small that it trains in seconds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.oracle.cli.conftest import Ended

SPEC = """
workload = "mnist1d/mlp-300-100"
levels = 2
seeds = [0, 1]
epochs = 1
[search]
max_lr = { values = [0.05, 0.2, 0.8] }
widen = 0
"""


@pytest.fixture
def small(finish: Callable[[str, str], Ended], scyc: Callable[..., Ended]) -> Ended:
    """How the sweep of a study named `small` ended, which lies in the working folder."""
    return finish("small", SPEC)


def test_a_sweep_says_what_it_does_and_what_to_do_next(small: Ended) -> None:
    assert small.code == 0
    assert small.err.startswith("Data: 3,200 training, 800 validation and 1,000 test examples of shape (40,)")
    assert "level  0  density 100.00%  best max_lr" in small.out
    assert "12/12 trials" in small.out
    assert "scyc report small" in small.out


def test_show_json_has_the_documented_shape(small: Ended, scyc: Callable[..., Ended]) -> None:
    shown = json.loads(scyc("show", "small", "--json").out)
    assert shown["study"] == "small"
    assert [level["level"] for level in shown["levels"]] == [0, 1]
    assert [level["density"] for level in shown["levels"]] == [1.0, 0.8]
    for level in shown["levels"]:
        assert level["winner"] in (0.05, 0.2, 0.8)
        assert isinstance(level["edge"], bool)
        low, high = level["interval"]["within"]
        assert low <= level["winner"] <= high
        assert level["gaps"]["within"] == []
        assert len(level["trials"]) == 6
        means: dict[float, float] = {}
        for trial in level["trials"]:
            wanted = {"max_lr", "seed", "val", "test", "diverged", "state", "seconds"}
            assert trial.keys() >= wanted
            assert 0 <= trial["val"] <= 1
            assert trial["state"] == "complete"
            means[trial["max_lr"]] = means.get(trial["max_lr"], 0) + trial["val"] / 2
        assert means[level["winner"]] == max(means.values())


def test_show_and_studies_list_print_tables(small: Ended, scyc: Callable[..., Ended]) -> None:
    table = scyc("show", "small")
    assert table.code == 0
    assert "80.00%" in table.out
    assert "12 trials, 12 epochs" in table.out
    listed = scyc("studies", "list", "--json")
    assert [row["study"] for row in json.loads(listed.out)] == ["small"]
    assert "2/2" in scyc("studies", "list").out


def test_report_writes_one_page(small: Ended, scyc: Callable[..., Ended], tmp_path: Path) -> None:
    ended = scyc("report", "small", "--out", "page.html")
    assert ended.code == 0
    assert "page.html" in ended.out
    assert "small" in (tmp_path / "page.html").read_text()


def test_a_finished_sweep_trains_nothing_more(small: Ended, scyc: Callable[..., Ended]) -> None:
    before = scyc("show", "small", "--json").out
    again = scyc("sweep", "small.toml", "--executor", "inline")
    assert again.code == 0
    assert json.loads(before)["levels"] == json.loads(scyc("show", "small", "--json").out)["levels"]


def test_another_spec_under_the_same_name_is_refused(small: Ended, scyc: Callable[..., Ended]) -> None:
    ended = scyc("sweep", "small.toml", "--set", "epochs=2", "--executor", "inline")
    assert ended.code == 2
    assert "epochs is 1 in the study and 2 in this spec" in ended.err


def test_resume_needs_no_spec(small: Ended, scyc: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "small.toml").unlink()
    assert scyc("resume", "small", "--executor", "inline").code == 0


def test_the_database_can_come_from_the_environment(
    scyc: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "small.toml").write_text(SPEC)
    monkeypatch.setenv("SCYC_DB", f"sqlite:///{tmp_path}/elsewhere.db")
    assert scyc("sweep", "small.toml", "--executor", "inline", "--set", "levels=1").code == 0
    assert (tmp_path / "elsewhere.db").exists()
    assert not (tmp_path / "scyc.db").exists()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["tpe", "gp", "cmaes", "qmc", "random"])
def test_every_sampler_completes_a_study(method: str, scyc: Callable[..., Ended]) -> None:
    options = [f"search.method={method}", "search.max_lr={low=0.05, high=0.5, count=5}", "search.batch=2"]
    settings = [*options, "levels=2", "seeds=[0]", "epochs=1"]
    ended = scyc("sweep", "--name", method, "--executor", "inline", *(f"--set={one}" for one in settings))
    assert ended.code == 0, ended.err
    for level in json.loads(scyc("show", method, "--json").out)["levels"]:
        tried = [trial["max_lr"] for trial in level["trials"]]
        assert len(set(tried)) == 5
        assert min(tried) >= 0.05
        assert max(tried) <= 0.5


def test_the_printed_spec_can_be_run(scyc: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(scyc("spec").out)
    settings = ["levels=1", "seeds=[0]", "epochs=1", "search.max_lr.count=2"]
    assert scyc("sweep", "mine.toml", "--executor", "inline", *(f"--set={one}" for one in settings)).code == 0


def test_doctor_finds_what_a_sweep_needs(scyc: Callable[..., Ended]) -> None:
    ended = scyc("doctor", "--json")
    assert ended.code == 0
    found = {finding["subject"]: finding for finding in json.loads(ended.out)}
    assert found["torch"]["verdict"] == "ok"
    assert found["mnist1d/mlp-300-100"]["detail"] == "3200 training, 800 validation, 1000 test examples"
    assert found["database"]["verdict"] == "note"


def test_help_and_wrong_usage(scyc: Callable[..., Ended]) -> None:
    assert scyc("--help").code == 0
    assert scyc("sweep", "--no-such-option").code == 2
    assert scyc("no-such-command").code == 2


def test_workers_that_end_before_the_study_are_no_success(
    scyc: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "small.toml").write_text(SPEC)
    monkeypatch.setattr("oracle.execution.inline.InlineExecutor.run", lambda *_: None)
    ended = scyc("sweep", "small.toml", "--executor", "inline")
    assert ended.code == 1
    assert "The workers ended before the study was finished" in ended.err
    assert "scyc resume small" in ended.err
    assert "Every level is decided" not in ended.out

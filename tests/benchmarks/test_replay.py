"""The benchmark of search methods on recorded surfaces: which methods at which budgets, and the table."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from benchmarks.replay import __main__ as benchmark
from benchmarks.replay import methods
from benchmarks.replay.baselines import asha, i_epoch
from benchmarks.replay.surfaces import FOLDER, SPECS
from oracle.replaying import Recording
from oracle.spec.search_methods import SEARCH_METHODS
from tests.oracle.replaying.studies import made_up, real

if TYPE_CHECKING:
    from pathlib import Path


def test_every_method_is_there_at_every_budget() -> None:
    specs = methods.contenders(real())
    for name, method in SEARCH_METHODS.items():
        rows = [spec.search for spec in specs.values() if spec.search.method == name]
        if method.looks_back:
            assert [search.budget for search in rows] == [0.1, 0.15, 0.25, 0.4]
        else:
            assert [search.max_lr.count for search in rows] == ([12, 2, 3, 5] if name == "grid" else [2, 3, 5])


def test_i_epoch_trains_the_best_by_then_to_the_end() -> None:
    recording, seeds = real(), (0, 1, 2)
    walk = i_epoch(recording, seeds, 0.25)
    assert walk.epochs == pytest.approx(0.25 * 12 * 3 * 10 * 12, rel=0.1)
    for level in range(recording.levels):
        curves = recording.curves[level][:, list(seeds)].mean(axis=1)
        epochs = {cell.max_lr: len(cell.curve) for cell in walk.cells(level)}
        [winner] = {cell.max_lr for cell in walk.cells(level) if cell.state == "complete"}
        short = min(epochs.values())
        assert winner == recording.rates[curves[:, short - 1].argmax()] == walk.decisions[level].winner


@pytest.mark.parametrize("reduction", [3, 4])
def test_asha_stops_most_and_ends_with_the_best_of_what_is_left(reduction: int) -> None:
    recording, seeds = real(), (0, 1, 2)
    walk = asha(recording, seeds, reduction)
    assert 0.1 < walk.epochs / (12 * 3 * 10 * 12) < 0.7
    assert len(walk.decisions) == recording.levels
    for level in range(recording.levels):
        means = {
            rate: float(recording.read(level, rate).validation[list(seeds)].mean())
            for rate in {cell.max_lr for cell in walk.cells(level) if cell.state == "complete"}
        }
        assert walk.decisions[level].winner == max(means, key=means.__getitem__)


@pytest.mark.parametrize("name", SPECS)
def test_every_surface_is_recorded_in_a_small_file(name: str) -> None:
    path = FOLDER / f"{name}.npz"
    recording = Recording.load(path)
    assert recording.validation.shape == (12, 12, 8)
    assert recording.examples > 0
    assert f"benchmarks.replay.surfaces --only {name}" in recording.made_by
    assert path.stat().st_size < 1.2e6


def test_other_processes_can_judge_too(tmp_path: Path) -> None:
    made_up().save(tmp_path / "s.npz")
    task = methods.Task(tmp_path / "s.npz", (0, 1), 2)
    assert pickle.loads(pickle.dumps(methods.judge)) is methods.judge
    assert methods.judge.__module__ != "__main__"
    assert pickle.loads(pickle.dumps(task)) == task


def test_the_table_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(methods, "BUDGETS", (0.4,))
    made_up().save(tmp_path / "s.npz")
    options = ["--seeds", "2", "--orders", "2", "--processes", "1", "--out", str(tmp_path)]
    benchmark.main([str(tmp_path / "s.npz"), *options])
    text = (tmp_path / "replay.md").read_text()
    assert text.strip() == capsys.readouterr().out.strip()
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[2].startswith("| grid | 40 | 100% |")
    kinds = [line.split()[1].strip(",") for line in rows[2:]]
    assert {kind: kinds.count(kind) for kind in kinds} == dict.fromkeys(
        ["tpe", "gp", "cmaes", "qmc", "random", "i-epoch"], 1
    ) | {"grid": 2, "racing": 4, "asha": 2}
    assert "at commit" in text

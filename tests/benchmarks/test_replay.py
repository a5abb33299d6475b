"""The benchmark of search methods on recorded surfaces: which methods at which budgets, and the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.replay import __main__ as benchmark
from benchmarks.replay.surfaces import FOLDER, SPECS
from oracle.replaying import Recording
from oracle.spec.search_methods import SEARCH_METHODS
from tests.oracle.replaying.studies import made_up, real

if TYPE_CHECKING:
    from pathlib import Path


def test_every_method_is_there_at_every_budget() -> None:
    specs = benchmark.contenders(real())
    for name, method in SEARCH_METHODS.items():
        rows = [spec.search.max_lr.count for spec in specs.values() if spec.search.method == name]
        if not method.looks_back:
            assert rows == ([12, 2, 3, 5] if name == "grid" else [2, 3, 5])
        else:
            assert len(rows) == 1


@pytest.mark.parametrize("name", SPECS)
def test_every_surface_is_recorded_in_a_small_file(name: str) -> None:
    path = FOLDER / f"{name}.npz"
    recording = Recording.load(path)
    assert recording.validation.shape == (12, 12, 8)
    assert recording.examples > 0
    assert f"benchmarks.replay.surfaces --only {name}" in recording.made_by
    assert path.stat().st_size < 1.2e6


def test_the_table_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(benchmark, "BUDGETS", (0.4,))
    made_up().save(tmp_path / "s.npz")
    options = ["--seeds", "2", "--orders", "2", "--processes", "1", "--out", str(tmp_path)]
    benchmark.main([str(tmp_path / "s.npz"), *options])
    text = (tmp_path / "replay.md").read_text()
    assert text.strip() == capsys.readouterr().out.strip()
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[2].startswith("| grid | 40 | 100% |")
    assert sum(" candidates |" in line for line in rows) == len(rows) - 4 == 6
    assert "at commit" in text

"""The benchmarks for a GPU, at a size that a CPU can do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch

from benchmarks import gpu_curve, gpu_engines
from scyc.models import mlp

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def rows(printed: str, columns: int) -> list[list[str]]:
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in printed.splitlines() if line[:1] == "|"]
    return [row for row in found if len(row) == columns and not set(row[0]) <= {"-"}]


@pytest.mark.skipif(torch.cuda.is_available(), reason="It would measure, and keep the result.")
def test_engines_are_timed_and_compared(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(gpu_engines, "CASES", (gpu_engines.Case("resnet-8"),))
    monkeypatch.setattr(gpu_engines, "SEEDS", (0, 1))
    gpu_engines.main(["--candidates", "2", "--seconds", "0.01"])
    printed = capsys.readouterr().out
    timed = rows(printed, 9)[1:]
    assert [(row[2], row[3]) for row in timed[:6]] == [
        ("eager", "1"),
        ("channels-last", "1"),
        ("graphs", "1"),
        ("stacked", "1"),
        ("graphs", "2"),
        ("stacked", "2"),
    ]
    assert {row[1] for row in timed} == {"fp32", "bf16"}
    compared = {row[1]: row for row in rows(printed, 5)[1:]}
    assert compared.keys() == {"eager", "channels-last", "graphs", "stacked"}
    assert all(float(row[2]) < 0.05 for row in compared.values())


def test_the_floor_counts_what_a_step_moves() -> None:
    model = mlp(10, (20,), 5)
    weights = 10 * 20 + 20 + 20 * 5 + 5
    layers = 4 * (3 * 10 + 2 * 20) + 4 * (3 * 20 + 2 * 20) + 4 * (3 * 20 + 2 * 5)
    assert gpu_engines.bytes_moved(model, (4, 10), width=4) == 4 * layers + 4 * 8 * weights


def test_the_curve_of_one_command(tmp_path: Path) -> None:
    small = ["workload=digits/mlp-300-100", "levels=2", "epochs=1", "seeds=[0]", "resources.gpus_per_trial=0"]
    small += ["search.max_lr.count=2", "precision=fp32", "engine=eager"]
    gpu_curve.main(["--out", str(tmp_path), *(f"--set={override}" for override in small)])
    table = rows((tmp_path / "README.md").read_text(), 5)[1:]
    assert [row[0] for row in table] == ["0", "1"]
    assert [row[4] for row in table] == ["2", "2"]
    assert "<html" in (tmp_path / "report.html").read_text()
    trials = json.loads((tmp_path / "study" / "trials.json").read_text())
    assert len(trials) == 4


def test_a_curve_of_another_spec_is_not_kept_with_the_results() -> None:
    with pytest.raises(SystemExit):
        gpu_curve.main(["--set", "levels=2"])

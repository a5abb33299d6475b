"""The sweep beside a script: what the script does, and both at the smallest size."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
import torch

from benchmarks import sweep_speed
from scyc.profiles import WarmupStep

pytestmark = pytest.mark.slow

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Ray's own
    from benchmarks.peers import tune_script

if TYPE_CHECKING:
    from pathlib import Path


def test_the_time_of_a_trial_counts_from_the_end_of_the_first_level() -> None:
    assert sweep_speed.seconds_per_trial([[1.0, 2.0], [5.0, 4.0, 3.5]]) == 1.0


def test_the_script_has_the_same_profile() -> None:
    ours = WarmupStep()
    assert [tune_script.warmup_step(t / 500) for t in range(500)] == pytest.approx([ours(t / 500) for t in range(500)])


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the script's function tells Tune; a checkpoint is read at once, for its folder is temporary."""
    told: list[dict[str, Any]] = []

    def report(metrics: dict[str, Any], checkpoint: Any = None) -> None:
        told.append(dict(metrics))
        if checkpoint is not None:
            with checkpoint.as_directory() as folder:
                told[-1]["state"] = torch.load(f"{folder}/model.pt")

    monkeypatch.setattr("ray.tune.report", report)
    return told


def test_the_script_trains_prunes_and_rewinds(reports: list[dict[str, Any]]) -> None:
    generator = torch.Generator().manual_seed(0)
    data = {}
    for split, examples in (("train", 256), ("val", 20), ("test", 20)):
        data[f"x_{split}"] = torch.randn(examples, 40, generator=generator).numpy()
        data[f"y_{split}"] = (data[f"x_{split}"][:, 0] > 0).astype("int64")
    tune_script.train({"max_lr": 0.1}, data, [], epochs=3)
    assert len(reports) == 3
    assert reports[-1]["train_loss"] < reports[0]["train_loss"]

    masks = tune_script.pruned_further(reports[-1]["state"], [])
    assert left(masks) == pytest.approx(0.8, abs=1e-4)

    tune_script.train({"max_lr": 1e-9}, data, masks, epochs=1)
    state, initial = reports[-1]["state"], tune_script.make_model().state_dict()
    for layer, mask in zip((0, 2, 4), masks, strict=True):
        assert torch.equal(state[f"{layer}.weight_mask"], mask)
        assert torch.allclose(state[f"{layer}.weight_orig"], initial[f"{layer}.weight"], atol=1e-6)
    fewer = tune_script.pruned_further(state, masks)
    assert left(fewer) == pytest.approx(0.64, abs=1e-4)
    assert not any(smaller[mask == 0].any() for mask, smaller in zip(masks, fewer, strict=True))

    tune_script.train({"max_lr": 0.1}, data, masks, epochs=3)
    state = reports[-1]["state"]
    fewer = tune_script.pruned_further(state, masks)
    sizes = torch.cat([state[f"{layer}.weight_orig"].abs().flatten() for layer in (0, 2, 4)])
    before, after = (torch.cat([mask.flatten() for mask in found]).bool() for found in (masks, fewer))
    assert sizes[after].min() >= sizes[before & ~after].max()  # the trained weights are ranked, not the first ones


def left(masks: list[torch.Tensor]) -> float:
    return sum(float(mask.sum()) for mask in masks) / sum(mask.numel() for mask in masks)


@pytest.mark.ray
def test_both_at_the_smallest_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny = ["--repeats", "1", "--candidates", "2", "--levels", "2", "--epochs", "1", "--workers", "1"]
    sweep_speed.main([*tiny, "--executor", "inline", "--peers", "reusing", "--out", str(tmp_path)])
    table = (tmp_path / "sweep-speed.md").read_text(encoding="utf-8")
    assert sweep_speed.OURS in table
    assert sweep_speed.REUSING in table
    assert capsys.readouterr().out.strip() == table.strip()
